// The row about retries: what it costs to be ready to repeat a call that succeeds.
import { retry as cockatiel, ExponentialBackoff, handleAll } from 'cockatiel'
import pRetry from 'p-retry'
import { rootContext } from 'servicekit'
import { retry } from 'servicekit/resilience/retry'
import { timed } from '../harness/timed.ts'

const bar = 2
/** What is repeated when it fails, which it does not; each side has one of its own. */
const work = () => async (request: number) => request + 1

export const retryRow = timed('retry', {
  ours: {
    prepare() {
      const ctx = rootContext()
      const call = retry()(work())
      return () => call(1, ctx)
    },
  },
  peers: [
    {
      name: 'cockatiel',
      bar,
      prepare() {
        const policy = cockatiel(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() })
        const call = work()
        return () => policy.execute(() => call(1))
      },
    },
    {
      name: 'p-retry',
      bar,
      prepare() {
        const call = work()
        return () => pRetry(() => call(1), { retries: 2 })
      },
    },
  ],
})
