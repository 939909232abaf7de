// Proves that the conformance suite has teeth: a wire that only passes calls on fails the cases it should fail.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clientOf } from '../../core/client.ts'
import { rootContext } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import type { MethodInfo } from '../../core/method.ts'
import { type ManualClock, manualClock } from '../manual-clock.ts'
import { conformance, type TransportHarness, transportCases } from './transport.ts'

/** What a first attempt looks like: it calls the endpoint and gives what comes back. */
function naive(clock: ManualClock): TransportHarness {
  return {
    clock,
    pass: (ms) => clock.advance(ms),
    serve: async (served) => {
      const endpoints = served as Readonly<Record<string, Endpoint<unknown, unknown>>>
      return {
        client: (options) => {
          const connect = (method: MethodInfo) => (request: unknown) => {
            const endpoint = endpoints[method.name]
            return endpoint === undefined
              ? Promise.reject(new Error('none'))
              : endpoint(request, rootContext({ clock }))
          }
          return heard(clientOf(conformance, { ...options, connect }))
        },
        close: async () => {},
        inFlight: () => 0,
      }
    },
  }
}

/** A case that fails leaves calls that nobody waits for; their errors must not end the test. */
function heard<C extends object>(client: C): C {
  // Not a proxy of the client itself, which is frozen.
  return new Proxy({} as C, {
    get: (_, name) => {
      const method: unknown = Reflect.get(client, name)
      if (typeof method !== 'function') return method
      return (...args: unknown[]) => {
        const call: unknown = method.apply(client, args)
        if (call instanceof Promise) call.catch(() => {})
        return call
      }
    },
  })
}

/** Whether a case holds; one that does not end within some thousand turns of the event loop does not. */
async function holds(run: (harness: TransportHarness) => Promise<void>): Promise<boolean> {
  const clock = manualClock()
  let held: boolean | undefined
  run(naive(clock)).then(
    () => {
      held = true
    },
    () => {
      held = false
    },
  )
  for (let turn = 0; turn < 2_000 && held === undefined; turn++) await clock.settle()
  return held ?? false
}

describe('the conformance suite of transports', () => {
  it('has no two cases of one name', () => {
    const names = transportCases.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
  })

  it('fails a wire that only passes calls on', async () => {
    const failed: string[] = []
    for (const { name, run } of transportCases) if (!(await holds(run))) failed.push(name)
    for (const name of [
      'turns whatever else a handler throws into internal and keeps its message at home',
      'carries not_found with message, details and what is known of a retry',
      'shows the handler what is left of the deadline, and never more',
      'settles at the deadline when the handler never answers, and aborts the handler',
      'drops a late reply, and answers the next call',
      'tells the handler when the caller cancels',
      'carries the headers of a call, by lower-case name',
      'gives the caller the headers and trailers of the reply, also of an error and of a stream',
      'carries the request id, and the server makes one when there is none',
      'carries trace context and baggage, and a service between passes them on unchanged',
      'ends a stream at the deadline, and the handler with it',
      'lets calls in flight end before it closes, and refuses new ones meanwhile',
      'cuts off what does not end while it drains',
    ]) {
      assert.ok(failed.includes(name), `should fail: ${name}`)
    }
    assert.ok(failed.length < transportCases.length, 'a wire that carries messages passes some')
  })
})
