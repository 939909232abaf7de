// What metrics for CloudWatch can be told, and what of it makes no sense.
import type { Clock } from '../../core/clock.ts'
import { checkNumber, checkOneOf } from '../../primitives/check.ts'
import type { Random } from '../../primitives/random.ts'
import type { CardinalityExceeded } from '../catalog.ts'
import type { PushFailed } from '../push.ts'
import type { CloudWatchClientLike } from './deliver.ts'

/** Where metrics go, how often, and how much may wait. */
export interface CloudWatchOptions {
  /** A `CloudWatchClient` of `@aws-sdk/client-cloudwatch`: region, credentials and its own retries are its matter. It is not closed here. */
  readonly client: CloudWatchClientLike
  /** Under which all metrics stand: 1 to 255 letters, digits, `.`, `-`, `_`, `/`, `#` and `:`, not beginning with `AWS/`. */
  readonly namespace: string
  /** Dimensions of all metrics, such as the stage. Each different set of dimensions is a metric of its own, and is paid for. @default none */
  readonly dimensions?: Readonly<Record<string, string>> | undefined
  /**
   * How histograms and summaries are sent: `values` and how often each was there, for percentiles within 1 %, or `statistics`, a statistic set, which is
   * smaller and has none. Counts and sums are exact in both. @default 'values'
   */
  readonly distributions?: 'values' | 'statistics' | undefined
  /** True for points that can be looked at by the second, where others can by the minute. @default false */
  readonly highResolution?: boolean | undefined
  /** How often is sent, in milliseconds. @default 60_000, the shortest period of standard resolution */
  readonly intervalMs?: number | undefined
  /** By how much of itself an interval is longer or shorter, by chance, so that a fleet does not send all at once. @default 0.1 */
  readonly jitterRatio?: number | undefined
  /** How long one request may take, in milliseconds, the retries of the client included. @default 10_000 */
  readonly timeoutMs?: number | undefined
  /** How many data may wait while CloudWatch does not take them; at least 1_000. The oldest are dropped for the newest. @default 20_000 */
  readonly maxPendingData?: number | undefined
  /** Told of each sending that failed, also of data that were refused. @default nothing: `stats` has it */
  readonly onError?: ((event: PushFailed) => void) | undefined
  /** Told once a metric. @default prints it with `console.warn` */
  readonly onCardinalityExceeded?: ((event: CardinalityExceeded) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** For the jitter. @default systemRandom */
  readonly random?: Random | undefined
}

const namespaceForm = /^(?!AWS\/)[0-9A-Za-z.\-_/#:]{1,255}$/

/** Throws a RangeError or TypeError that names the option; the interval and the jitter are looked at elsewhere. */
export function checkOptions(options: CloudWatchOptions): {
  readonly timeoutMs: number
  readonly maxPendingData: number
} {
  const { client, namespace, distributions = 'values', timeoutMs = 10_000, maxPendingData = 20_000 } = options
  if (typeof client?.send !== 'function') throw new TypeError('client must be a CloudWatchClient, which has send()')
  if (typeof namespace !== 'string' || !namespaceForm.test(namespace))
    throw new TypeError(
      `namespace must be 1 to 255 letters, digits, ., -, _, /, # and :, not beginning with AWS/, but is ${JSON.stringify(namespace)}`,
    )
  checkOneOf('distributions', distributions, ['values', 'statistics'])
  return {
    timeoutMs: checkNumber('timeoutMs', timeoutMs, { min: 1, max: 2 ** 30 }),
    maxPendingData: checkNumber('maxPendingData', maxPendingData, { min: 1_000, max: 10_000_000, integer: true }),
  }
}
