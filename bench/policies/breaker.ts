// The row about circuit breakers: what one adds to a call that succeeds, the call included.
import * as cockatiel from 'cockatiel'
import Opossum from 'opossum'
import { rootContext } from 'servicekit'
import { circuitBreaker } from 'servicekit/resilience/circuit-breaker'
import { timed } from '../harness/timed.ts'

/** The same for all, each with one of its own. */
const increment = () => async (request: number) => request + 1

export const breaker = timed('breaker', {
  rounds: 21,
  ours: {
    prepare() {
      const ctx = rootContext()
      const call = circuitBreaker()(increment())
      return () => call(1, ctx)
    },
  },
  peers: [
    {
      name: 'opossum',
      bar: 3,
      prepare() {
        // Its own limit of time is another policy; here it has none.
        const peer = new Opossum(increment(), { timeout: false })
        return () => peer.fire(1)
      },
    },
    {
      name: 'cockatiel',
      bar: 1.5,
      prepare() {
        const breaking = new cockatiel.ConsecutiveBreaker(5)
        const peer = cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: 5_000, breaker: breaking })
        const call = increment()
        return () => peer.execute(() => call(1))
      },
    },
    {
      name: 'cockatiel sampling',
      bar: 1.5,
      prepare() {
        const breaking = new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000 })
        const peer = cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: 5_000, breaker: breaking })
        const call = increment()
        return () => peer.execute(() => call(1))
      },
    },
  ],
})
