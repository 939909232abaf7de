// Calls instances as users do who know nothing of each other: at moments that are drawn, whatever became of the calls before.
import { staticInstancer } from 'servicekit/discovery/static/instancer'
import { balancedClient } from 'servicekit/presets/balanced-client'
import { quantile } from '../harness/statistics.ts'
import { answer } from '../harness/worker.ts'
import { waits } from '../servers/waits.ts'

const addresses = process.argv.slice(2)
let client = connected()
/** The first error of a run, to be read by a person. */
let firstError = ''

function connected() {
  return balancedClient(waits, { instancer: staticInstancer(addresses) })
}

async function run(perSecond: number, ms: number) {
  const tookMs: number[] = []
  const pending: Promise<void>[] = []
  let failed = 0
  let latestMs = 0
  firstError = ''
  const startedAt = performance.now()
  // A call counts from the moment it was due: one that this process makes late has waited too.
  const call = (dueAt: number) => {
    latestMs = Math.max(latestMs, performance.now() - dueAt)
    const made = client.work(pending.length).then(
      () => undefined,
      (thrown) => {
        failed++
        firstError ||= String(thrown)
      },
    )
    pending.push(made.then(() => void tookMs.push(performance.now() - dueAt)))
  }
  await new Promise<void>((resolve) => {
    let dueAt = startedAt
    const tick = () => {
      const now = performance.now()
      for (; dueAt <= now; dueAt += (-1_000 / perSecond) * Math.log(1 - Math.random())) call(dueAt)
      if (now - startedAt < ms) setTimeout(tick, Math.max(0, dueAt - performance.now()))
      else resolve()
    }
    tick()
  })
  await Promise.all(pending)
  if (firstError !== '') console.error(`${failed} of ${tookMs.length} calls failed, the first one with: ${firstError}`)
  return { calls: tookMs.length, failed, p50: quantile(tookMs, 0.5), p99: quantile(tookMs, 0.99), latestMs }
}

answer(
  {},
  {
    /** A client that knows nothing yet. */
    renew: async () => {
      await client[Symbol.asyncDispose]()
      client = connected()
      return {}
    },
    run: (argument) => {
      const { perSecond, ms }: { perSecond: number; ms: number } = JSON.parse(argument)
      return run(perSecond, ms)
    },
  },
)
