// Sends batches to CloudWatch, and finds the data that it refuses among those that it takes.
import { type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'

/** What is used of a CloudWatchClient of the AWS SDK, version 3. */
export interface CloudWatchClientLike {
  send(command: PutMetricDataCommand, options?: { abortSignal?: AbortSignal }): Promise<unknown>
}

/** What became of a batch. */
export interface Delivered {
  readonly sent: number
  /** Those that CloudWatch refuses by themselves. */
  readonly refused: number
  /** Those that have yet to be sent. */
  readonly rest: readonly MetricDatum[]
  /** What the last request failed with; undefined where all is done and nothing was refused. */
  readonly error: unknown
}

/** One request: rejects as the client does. */
export type Put = (data: readonly MetricDatum[]) => Promise<void>

/** Puts data into a namespace by a client. */
export function putBy(client: CloudWatchClientLike, Namespace: string, signal: () => AbortSignal): Put {
  return async (data) => {
    const command = new PutMetricDataCommand({ Namespace, MetricData: [...data] })
    await client.send(command, { abortSignal: signal() })
  }
}

// A clock that is wrong, say, makes CloudWatch refuse all: to ask for each would be thousands of requests, each of which counts for the account.
const mostAlone = 32

/**
 * Sends a batch; one that is refused as a whole is halved until what is wrong with it stands alone, and that is given up. After 32 of those, and none that was
 * taken, what is refused is not halved any more.
 */
export async function deliver(put: Put, batch: readonly MetricDatum[]): Promise<Delivered> {
  const parts: (readonly MetricDatum[])[] = [batch]
  let [sent, refused] = [0, 0]
  let lastError: unknown
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    try {
      await put(part)
      sent += part.length
    } catch (error) {
      lastError = error
      if (!isOfData(error)) return { sent, refused, rest: [...part, ...parts.reverse().flat()], error }
      const half = sent === 0 && refused >= mostAlone ? 0 : part.length >> 1
      if (half === 0) refused += part.length
      else parts.push(part.slice(half), part.slice(0, half))
    }
  }
  return { sent, refused, rest: [], error: lastError }
}

const ofData = /^(?:InvalidParameter|MissingRequiredParameter|MissingParameter|InvalidFormat|Validation)/

/** Whether it is the data that CloudWatch does not like: sent again they would be refused again. */
function isOfData(error: unknown): boolean {
  const { name, $metadata } = (error ?? {}) as { name?: unknown; $metadata?: { httpStatusCode?: unknown } }
  return $metadata?.httpStatusCode === 413 || (typeof name === 'string' && ofData.test(name))
}
