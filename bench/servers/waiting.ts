// An instance whose calls take time and no CPU: each holds one of its slots for a time that is drawn. It can be told to be slow, or to fail at once.
import { setTimeout as sleep } from 'node:timers/promises'
import { endpoints, ServiceError } from 'servicekit'
import { bulkhead } from 'servicekit/resilience/bulkhead'
import { logNormal } from 'servicekit/testing/simulator/simulation'
import { httpServer } from 'servicekit/transport/http/server'
import { answer } from '../harness/worker.ts'
import { meanMs, sigma, slots, waits } from './waits.ts'

const drawMs = logNormal({ medianMs: meanMs / Math.exp(sigma ** 2 / 2), sigma })
let factor = 1
let failRatio = 0
let calls = 0

const place = bulkhead({ limit: slots, queue: 100_000, maxWaitMs: 60_000 })
const work = place(async (request: number) => {
  await sleep(drawMs(Math.random) * factor)
  return request
})

const served = endpoints(waits, {
  work(request, ctx) {
    calls++
    if (Math.random() < failRatio)
      throw new ServiceError('unavailable', 'it was told to fail', { retry: 'if_idempotent' })
    return work(request, ctx)
  },
})
const server = await httpServer(waits, served).listen({ port: 0, host: '127.0.0.1' })

answer(
  { address: new URL(server.url).host },
  {
    /** How many times as long calls take from now on, and which share of them fails; forgets those that came. */
    be: (argument) => {
      const told: { factor: number; failRatio: number } = JSON.parse(argument)
      factor = told.factor
      failRatio = told.failRatio
      calls = 0
      return {}
    },
    /** How many calls came since this was last asked. */
    calls: () => {
      const came = calls
      calls = 0
      return { calls: came }
    },
  },
)
