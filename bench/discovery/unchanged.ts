// The row about a set that has not changed: it costs its comparison, and nobody hears of it.
import { setImmediate } from 'node:timers/promises'
import { balanced } from 'servicekit/discovery/balanced'
import { instancerFrom } from 'servicekit/discovery/instancer'
import { peakEwma } from 'servicekit/discovery/peak-ewma'
import type { Row } from '../harness/row.ts'
import { median, spread } from '../harness/statistics.ts'
import { Fleet, instances, ToldSource } from './snapshots.ts'

const rounds = 60
const warmUp = 20

export const unchanged: Row = {
  name: 'unchanged',
  async run() {
    const fleet = new Fleet()
    const told = new ToldSource()
    let heard = 0
    await using instancer = instancerFrom('ten thousand', told.source, { onChange: () => heard++ })
    const balancer = peakEwma()
    const update = balancer.update.bind(balancer)
    balancer.update = (candidates) => {
      heard++
      update(candidates)
    }
    await using _ = balanced({
      method: 'shop/price',
      instancer,
      balancer: balancer as never,
      connect: () => async () => 1,
      onUpdate: () => heard++,
    })
    using _listener = instancer.subscribe(() => heard++)
    told.say(fleet.snapshot())
    await setImmediate()
    if (heard !== 4) throw new Error(`of the first set ${heard} of 4 have heard`)
    heard = 0
    const tookMs: number[] = []
    for (let round = 0; round < warmUp + rounds; round++) {
      const seenAt = instancer.current.seenAt
      const snapshot = fleet.snapshot()
      // The moment at which it was seen is a whole millisecond.
      while (Date.now() === seenAt) await setImmediate()
      const startedAt = performance.now()
      told.say(snapshot)
      await setImmediate()
      tookMs.push(performance.now() - startedAt)
      if (instancer.current.seenAt === seenAt) throw new Error('the set was not taken')
    }
    if (heard > 0) throw new Error(`${heard} listeners heard of a set that was the same`)
    const times = tookMs.slice(warmUp)
    return {
      figure: {
        name: 'unchanged',
        value: median(times),
        unit: 'ms',
        spread: spread(times),
        verdict: 'no listener called',
      },
      notes: [
        `unchanged: ${warmUp + rounds} times the same ${instances} instances as new objects; of these neither a subscriber nor the balancer, nor onChange, nor onUpdate heard`,
      ],
    }
  },
}
