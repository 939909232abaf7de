// A row that finds out whether memory is lost: how much the heap grows with each of very many calls.
import { collectAll } from './garbage.ts'
import { loopAwaiting } from './loop.ts'
import type { Row } from './row.ts'
import { slope, spread } from './statistics.ts'

export interface HeapOptions {
  /** Gives the call; each is awaited before the next. */
  prepare(): Promise<() => Promise<unknown>>
  readonly calls: number
  /** Growth below this counts as none, in bytes a call. */
  readonly flatBytes: number
}

const checkpoints = 8
/** Meanwhile caches fill and code is optimised: the heap grows by that once, and not with every call. */
const warmUpShare = 0.1

/** Measures growth in bytes a call: the slope of the line through the heap's size at 8 checkpoints, each behind a full collection. */
export function heap(name: string, { prepare, calls, flatBytes }: HeapOptions): Row {
  return {
    name,
    async run() {
      const call = await prepare()
      const stretch = Math.ceil(calls / (checkpoints - 1))
      await loopAwaiting(call, Math.ceil(calls * warmUpShare))
      const points: [calls: number, bytes: number][] = []
      for (let i = 0; i < checkpoints; i++) {
        if (i > 0) await loopAwaiting(call, stretch)
        await collectAll()
        points.push([i * stretch, process.memoryUsage().heapUsed])
      }
      const value = slope(points)
      const verdict = Math.abs(value) < flatBytes ? 'flat' : 'NOT FLAT'
      return {
        figure: { name, value, unit: 'bytes a call', spread: spread(points.map(([, bytes]) => bytes)), verdict },
      }
    },
  }
}
