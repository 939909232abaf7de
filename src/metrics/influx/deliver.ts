// Sends a batch to InfluxDB, and finds the lines that it refuses among those that it takes.
import { refusedReply } from '../../platform/http-service.ts'
import { linesIn } from '../../primitives/lines-in.ts'
import { halves } from './batches.ts'

/** What became of a batch, in lines. */
export interface Delivered {
  readonly sent: number
  /** Those that the server refuses by themselves, whenever they come. */
  readonly refused: number
  /** What has yet to be sent, in batches. */
  readonly rest: readonly string[]
  /** What the last request failed with; undefined where all has arrived. */
  readonly error: unknown
}

/** One request: rejects as `HttpService.ask` does. */
export type Put = (batch: string) => Promise<void>

/** So many requests at most look for the bad lines of a batch: more would not be worth it to a server that has too much to do, say. */
const mostRequests = 64

/**
 * Sends a batch. What is too large (413) is halved; so is what is refused as a whole, until what is wrong with it stands alone, and that is given up; of a batch that
 * was written but for some lines (`partial write`), these are. To send a line twice does no harm: its point takes its own place.
 *
 * Where a limit on series or values was exceeded InfluxDB 1.6 to 1.8 tell how many lines were too many, and leave out as many others without a word (their index in memory
 * reorders the keys that it then compares): such a batch is halved too.
 */
export async function deliver(put: Put, batch: string): Promise<Delivered> {
  const parts = [batch]
  let [sent, refused, requests] = [0, 0, 0]
  let lastError: unknown
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const lines = linesIn(part)
    try {
      requests++
      await put(part)
      sent += lines
    } catch (error) {
      lastError = error
      const refusal = refusalOf(error)
      if (refusal === undefined) return { sent, refused, rest: [part, ...parts.reverse()], error }
      const unwritten = Math.min(refusal.unwritten ?? lines, lines)
      const isSure = refusal.isSure || unwritten === lines
      const split = (refusal.unwritten === undefined || !isSure) && requests < mostRequests ? halves(part) : undefined
      if (split !== undefined) parts.push(split[1], split[0])
      else {
        refused += unwritten
        sent += lines - unwritten
      }
    }
  }
  return { sent, refused, rest: [], error: lastError }
}

/** What a server says of a batch that would be refused again. */
interface Refusal {
  /** How many of its lines, where it says so. */
  readonly unwritten: number | undefined
  /** All others are written. */
  readonly isSure: boolean
}

/** Undefined for all that may be otherwise later. */
function refusalOf(error: unknown): Refusal | undefined {
  const { status, body } = refusedReply(error) ?? {}
  // Version 1 answers 400, and version 2 422 where it has written all but some.
  if (status !== 400 && status !== 413 && status !== 422) return undefined
  const text = new TextDecoder().decode(body)
  if (status === 413 || !text.includes('partial write')) return { unwritten: undefined, isSure: true }
  const dropped = Number(/dropped=(\d+)/.exec(text)?.[1] ?? 0)
  const unread = text.match(/unable to parse/g)?.length ?? 0
  return { unwritten: Math.max(1, dropped + unread), isSure: !text.includes('limit exceeded') }
}
