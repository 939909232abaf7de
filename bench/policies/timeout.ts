// The row about timeouts: what it costs to limit a call that answers in time.
import { timeout as cockatiel, TimeoutStrategy } from 'cockatiel'
import pTimeout from 'p-timeout'
import { rootContext } from 'servicekit'
import { timeout } from 'servicekit/resilience/timeout'
import { timed } from '../harness/timed.ts'

const milliseconds = 2_000
const bar = 10
/** What is limited; each side has one of its own, so that none sees the other's inline caches. */
const work = () => async (request: number) => request + 1

export const timeoutRow = timed('timeout', {
  ours: {
    prepare() {
      const ctx = rootContext()
      const call = timeout({ timeoutMs: milliseconds })(work())
      return () => call(1, ctx)
    },
  },
  peers: [
    {
      name: 'cockatiel',
      bar,
      prepare() {
        const policy = cockatiel(milliseconds, TimeoutStrategy.Aggressive)
        const call = work()
        return () => policy.execute(() => call(1))
      },
    },
    {
      name: 'p-timeout',
      bar,
      prepare() {
        const call = work()
        return () => pTimeout(call(1), { milliseconds })
      },
    },
  ],
})
