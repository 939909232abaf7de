// A row that finds out how much memory a call takes from the heap, whether or not it is given back.
import { setImmediate } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { loopAwaiting } from './loop.ts'
import type { Figure, Row } from './row.ts'
import { median, spread } from './statistics.ts'

interface Side {
  prepare(): () => Promise<unknown>
}

export interface AllocatedOptions {
  readonly ours: Side
  readonly peer: Side & { readonly name: string; readonly bar: number }
}

const warmUpCalls = 50_000
const rounds = 9
const callsPerRound = 100_000

/** What V8 counts of all allocations since the process began; its types do not know it yet. */
function allocatedBytes(): number {
  return (getHeapStatistics() as unknown as { total_allocated_bytes: number }).total_allocated_bytes
}

/** Measures bytes a call, by turns. */
export function allocated(name: string, { ours, peer }: AllocatedOptions): Row {
  return {
    name,
    async run() {
      const lanes = [ours, peer].map((side) => ({ call: side.prepare(), bytes: [] as number[] }))
      for (const { call } of lanes) await loopAwaiting(call, warmUpCalls)
      for (let round = 0; round < rounds; round++)
        for (const { call, bytes } of lanes) {
          // What others left pending has its turn.
          await setImmediate()
          const before = allocatedBytes()
          await loopAwaiting(call, callsPerRound)
          bytes.push((allocatedBytes() - before) / callsPerRound)
        }
      const [own = [], other = []] = lanes.map(({ bytes }) => bytes)
      const figure = (label: string, bytes: readonly number[]): Figure => ({
        name: label,
        value: median(bytes),
        unit: 'bytes a call',
        spread: spread(bytes),
      })
      const ratio = median(other) / median(own)
      const compared = [
        { name: `${name} ${peer.name}`, figure: figure(`${name} ${peer.name}`, other), ratio, bar: peer.bar },
      ]
      return { figure: figure(name, own), compared }
    },
  }
}
