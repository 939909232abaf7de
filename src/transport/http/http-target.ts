// What a route of an HTTP server leads to, as its calls see it.
import type { Context } from '../../core/context.ts'
import type { ServiceError } from '../../core/errors.ts'
import type { Mounted } from '../dispatch.ts'
import type { HttpCallEnd } from './http-call-end.ts'
import type { HttpReplyMessage } from './http-request-message.ts'
import type { InputJoiner } from './input.ts'

/** What an endpoint without a contract does by itself. */
export interface RawEndpoint {
  /** Whether it gets the body as it comes. */
  readonly streams: boolean
  /** Whether it reads the body as a contract's method does, as strictly. */
  readonly readsJson: boolean
  readonly encodeError: ((error: ServiceError, ctx: Context) => HttpReplyMessage) | undefined
  /** Called once when nothing more happens. */
  readonly onEnd: ((event: HttpCallEnd) => void) | undefined
}

/** What a route leads to. */
export interface HttpTarget {
  readonly mounted: Mounted
  /** Of a good reply. */
  readonly status: number | undefined
  /** Whether the input is read from the body. */
  readonly body: boolean
  readonly joiner: InputJoiner
  readonly raw: RawEndpoint | undefined
}
