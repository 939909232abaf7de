// Proves the conformance suite of registrars: one of a registry in memory passes it, and each of the usual faults fails the cases that it should.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Instance } from '../../discovery/instance.ts'
import { type Announce, type Registrar, type RegistrarOptions, registrarFrom } from '../../discovery/registrar.ts'
import { type ManualClock, manualClock } from '../manual-clock.ts'
import { type RegistrarCase, type RegistrarHarness, registrarCases } from './registrar.ts'

const leaseMs = 3_000

interface Entry {
  readonly service: string
  readonly instance: Instance
  expiresAt: number
}

/** A registry that holds what it is told for the time of a lease. */
class Registry {
  readonly clock: ManualClock = manualClock()
  readonly entries = new Map<string, Entry>()
  attempts = 0
  requests = 0
  delayMs = 0
  isUp = true
  readonly #inFlight = new Set<(error: Error) => void>()

  /** One request: what it does happens when it comes, what it gives comes later. */
  async request<T>(signal: AbortSignal, handle: () => T): Promise<T> {
    if (!this.isUp) throw new Error('connection refused')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const result = handle()
    const timer = this.clock.schedule(this.delayMs, resolve)
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort)
    this.#inFlight.add(reject)
    this.requests++
    try {
      await promise
      return result
    } finally {
      this.requests--
      timer.cancel()
      this.#inFlight.delete(reject)
      signal.removeEventListener('abort', onAbort)
    }
  }

  stop(): void {
    this.isUp = false
    for (const cut of this.#inFlight) cut(new Error('connection reset'))
  }

  listed(service: string): readonly Instance[] {
    const alive = [...this.entries.values()].filter(({ expiresAt }) => expiresAt > this.clock.now())
    return alive.filter((entry) => entry.service === service).map(({ instance }) => instance)
  }
}

/** How an adapter may go wrong, part by part. */
interface Parts {
  readonly key: (service: string, instance: Instance) => string
  /** What the registry is told of an instance. */
  readonly tell: (instance: Instance) => Instance
  readonly leaseMs: number
  readonly renews: boolean
  /** Whether the answer to a renewal is read. */
  readonly hearsLoss: boolean
  readonly replaces: boolean
  readonly withdraw: (registry: Registry, key: string) => void
  readonly wrap: (announce: Announce, registry: Registry) => Announce
  readonly wrapRegistrar: (registrar: Registrar, registry: Registry) => Registrar
}

const right: Parts = {
  key: (service, { id }) => `${service}/${id}`,
  tell: (instance) => instance,
  leaseMs,
  renews: true,
  hearsLoss: true,
  replaces: true,
  withdraw: ({ entries }, key) => entries.delete(key),
  wrap: (announce) => announce,
  wrapRegistrar: (registrar) => registrar,
}

function announceTo(registry: Registry, parts: Parts): Announce {
  const { entries, clock } = registry
  return async (service, instance, signal) => {
    const key = parts.key(service, instance)
    registry.attempts++
    await registry.request(signal, () => {
      const entry = { service, instance: parts.tell(instance), expiresAt: clock.now() + parts.leaseMs }
      if (parts.replaces || !entries.has(key)) entries.set(key, entry)
    })
    return {
      renewEveryMs: parts.renews ? leaseMs / 3 : undefined,
      renew: (signal) =>
        registry.request(signal, () => {
          const entry = entries.get(key)
          if (entry !== undefined) entry.expiresAt = clock.now() + leaseMs
          else if (parts.hearsLoss) throw new Error('404 Not Found')
        }),
      withdraw: (signal) => registry.request(signal, () => parts.withdraw(registry, key)),
    }
  }
}

function harnessOf(changed: Partial<Parts> = {}): RegistrarHarness {
  const parts = { ...right, ...changed }
  return {
    async open() {
      const registry = new Registry()
      const { clock } = registry
      return {
        clock,
        leaseMs,
        pass: (ms) => clock.advance(ms),
        registrar(options: RegistrarOptions) {
          const announce = parts.wrap(announceTo(registry, parts), registry)
          return parts.wrapRegistrar(registrarFrom('memory', announce, options), registry)
        },
        listed: async (service) => registry.listed(service),
        stop: async () => registry.stop(),
        async start() {
          registry.isUp = true
        },
        async forget() {
          registry.entries.clear()
        },
        async delay(ms) {
          registry.delayMs = ms
        },
        attempts: () => registry.attempts,
        held: () => registry.requests + clock.pending,
        async [Symbol.asyncDispose]() {},
      }
    },
  }
}

const faults: readonly (readonly [fault: string, Partial<Parts>, caught: readonly RegExp[]])[] = [
  ['nothing taken back', { withdraw: () => {} }, [/^registers an instance until/, /^takes back all/, /^closes twice/]],
  [
    'everything taken back at once',
    { withdraw: ({ entries }) => entries.clear() },
    [/^registers several/, /^keeps the/],
  ],
  ['one instance for each service', { key: (service) => service }, [/^registers several/, /^registers many/]],
  ['one service for all', { tell: (instance) => ({ ...instance, id: 'me' }) }, [/^registers an instance until/]],
  ['no weights', { tell: ({ weight, ...rest }) => rest }, [/^registers all that is said/]],
  ['no metadata', { tell: ({ metadata, ...rest }) => rest }, [/^registers all that is said/]],
  ['the former of two', { replaces: false }, [/^lets the latter win/]],
  ['no renewals', { renews: false }, [/^stays registered for longer/, /^is registered again after the registry/]],
  ['no lease', { leaseMs: Infinity, renews: false }, [/^is gone after its lease/]],
  ['losses that nobody hears', { hearsLoss: false }, [/^is registered again after the registry/]],
  [
    'a failure taken for success',
    {
      wrap: (announce) => async (service, instance, signal) => {
        try {
          return await announce(service, instance, signal)
        } catch {
          return { withdraw: async () => {} }
        }
      },
    },
    [/^registers as soon as/, /^closes what the registry never had/, /^tells a registry that is down/],
  ],
  [
    'no second try',
    {
      wrap: (announce, registry) => {
        let failures = 0
        return async (service, instance, signal) => {
          if (failures > 0) await registry.clock.sleep(1_000_000)
          try {
            return await announce(service, instance, signal)
          } catch (thrown) {
            failures++
            throw thrown
          }
        }
      },
    },
    [/^registers as soon as/, /^is registered again after an outage/],
  ],
  [
    'ten tries for one',
    {
      wrap: (announce) => async (service, instance, signal) => {
        for (let tries = 1; ; tries++) {
          try {
            return await announce(service, instance, signal)
          } catch (thrown) {
            if (tries === 10) throw thrown
          }
        }
      },
    },
    [/^tells a registry that is down/],
  ],
  [
    'a timer that nobody ends',
    {
      wrap: (announce, registry) => (service, instance, signal) => {
        registry.clock.schedule(1_000_000, () => {})
        return announce(service, instance, signal)
      },
    },
    [/^says which registry/, /^closes what is about to be/, /^closes in time while the registry is down/],
  ],
  [
    'requests that outlive their limit',
    { wrap: (announce) => (service, instance) => announce(service, instance, new AbortController().signal) },
    [/^closes in time while the registry does not answer/],
  ],
  [
    'instances that stay after the end',
    {
      wrapRegistrar: (registrar) => ({
        name: registrar.name,
        register: (service, instance) => registrar.register(service, instance),
        async [Symbol.asyncDispose]() {},
      }),
    },
    [/^takes back all/, /^registers many/],
  ],
  [
    'an end that waits for the registry',
    {
      wrapRegistrar: (registrar, registry) => ({
        name: registrar.name,
        register(service, instance) {
          const registration = registrar.register(service, instance)
          return new Proxy(registration, {
            get(_, member) {
              const value = Reflect.get(registration, member, registration)
              if (member !== 'close') return typeof value === 'function' ? value.bind(registration) : value
              return async () => {
                while (!registry.isUp) await registry.clock.sleep(10)
                await registration.close()
              }
            },
          })
        },
        [Symbol.asyncDispose]: () => registrar[Symbol.asyncDispose](),
      }),
    },
    [/^closes in time while the registry is down/, /^closes what the registry never had/],
  ],
]

/** Why a case fails; undefined when it does not. */
async function failureOf({ run }: RegistrarCase, harness: RegistrarHarness): Promise<unknown> {
  try {
    await run(harness)
    return undefined
  } catch (thrown) {
    return thrown
  }
}

describe('the conformance suite of registrars', () => {
  describe('is passed by one of a registry in memory', () => {
    for (const { name, run } of registrarCases) it(name, (test) => run(harnessOf(), test))
  })

  describe('is passed by one of a registry that says what it lacks', () => {
    const bare = harnessOf({
      key: (service, { address }) => `${service}/${address}`,
      tell: ({ address }) => ({ id: address, address }),
    })
    const without = ['ids', 'weight', 'priority', 'zone', 'tags', 'metadata'] as const
    for (const { name, run } of registrarCases) it(name, () => run({ ...bare, without }))
  })

  describe('is passed by one of a registry that knows no leases and cannot be made to fail', () => {
    const lasting = harnessOf({ leaseMs: Infinity, renews: false })
    const harness: RegistrarHarness = {
      async open() {
        const { clock, pass, registrar, listed, [Symbol.asyncDispose]: end } = await lasting.open()
        return { clock, pass, registrar, listed, [Symbol.asyncDispose]: end }
      },
    }
    for (const { name, run } of registrarCases) it(name, (test) => run(harness, test))
  })

  for (const [fault, parts, caught] of faults) {
    it(`finds ${fault}`, async () => {
      for (const pattern of caught) {
        const cases = registrarCases.filter(({ name }) => pattern.test(name))
        const failures = await Promise.all(cases.map((each) => failureOf(each, harnessOf(parts))))
        assert.ok(
          failures.some((failure) => failure instanceof assert.AssertionError),
          `${pattern} should fail, but gave ${failures.join('\n')}`,
        )
      }
    })
  }
})
