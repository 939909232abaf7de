// Proves the conformance suite of instancers: one of a registry in memory passes it, and each of the usual faults fails the cases that it should.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Instance } from '../../discovery/instance.ts'
import {
  type Instancer,
  type InstancerOptions,
  type InstanceSet,
  type InstanceSource,
  instancerFrom,
} from '../../discovery/instancer.ts'
import { type ManualClock, manualClock } from '../manual-clock.ts'
import { type InstancerCase, type InstancerHarness, instancerCases, type OpenRegistry } from './instancer.ts'

interface Answer {
  readonly version: number
  readonly body: string
}

/** A registry that answers when it has something new: JSON, as it came over a wire. */
class Registry {
  readonly clock: ManualClock = manualClock()
  attempts = 0
  requests = 0
  delayMs = 0
  isUp = true
  isGarbled = false
  list: readonly Instance[] = []
  #version = 1
  readonly #waiting = new Set<() => void>()

  /** Something is another than it was: those who wait look again. */
  changed(): void {
    this.#version++
    for (const look of [...this.#waiting]) look()
  }

  /** Gives the list as soon as it is not that of a version. */
  ask(version: number, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.requests++
    const look = () => {
      if (signal.aborted) reject(signal.reason)
      else if (!this.isUp) reject(new Error('connection refused'))
      else if (this.#version !== version && timer === undefined) timer = this.clock.schedule(this.delayMs, answer)
    }
    const answer = () =>
      resolve({ version: this.#version, body: this.isGarbled ? '<html>' : JSON.stringify(this.list) })
    let timer: ReturnType<ManualClock['schedule']> | undefined
    signal.addEventListener('abort', look)
    this.#waiting.add(look)
    look()
    return promise.finally(() => {
      this.requests--
      timer?.cancel()
      signal.removeEventListener('abort', look)
      this.#waiting.delete(look)
    })
  }
}

/** How an adapter may go wrong, part by part. */
interface Parts {
  readonly source: (registry: Registry) => InstanceSource
  readonly parse: (body: string) => readonly Instance[]
  /** What is between the suite and the instancer. */
  readonly wrap: (make: () => Instancer, registry: Registry) => Instancer
}

const parse = (body: string): readonly Instance[] => JSON.parse(body)

function watch(registry: Registry, { parse }: Pick<Parts, 'parse'>): InstanceSource {
  return async function* (signal) {
    registry.attempts++
    for (let version = 0; ; ) {
      const answer = await registry.ask(version, signal)
      version = answer.version
      yield parse(answer.body)
    }
  }
}

function harnessOf(changed: Partial<Parts> = {}): InstancerHarness {
  const parts: Parts = { source: (registry) => watch(registry, parts), parse, wrap: (make) => make(), ...changed }
  return {
    most: 200,
    async open(): Promise<OpenRegistry> {
      const registry = new Registry()
      const { clock } = registry
      const change = async (how: () => void) => {
        how()
        registry.changed()
      }
      return {
        clock,
        pass: (ms) => clock.advance(ms),
        instancer: (options: InstancerOptions) =>
          parts.wrap(() => instancerFrom('orders in memory', parts.source(registry), options), registry),
        set: (list) => change(() => (registry.list = list)),
        stop: () => change(() => (registry.isUp = false)),
        start: () => change(() => (registry.isUp = true)),
        garble: (isGarbled) => change(() => (registry.isGarbled = isGarbled)),
        delay: async (ms) => {
          registry.delayMs = ms
        },
        attempts: () => registry.attempts,
        held: () => registry.requests + clock.pending,
        async [Symbol.asyncDispose]() {},
      }
    },
  }
}

/** An instancer whose subscribers hear what a part makes of each set. */
function hearing(
  instancer: Instancer,
  hear: (set: InstanceSet, listener: (set: InstanceSet) => void) => void,
  change: (set: InstanceSet) => InstanceSet = (set) => set,
): Instancer {
  return {
    name: instancer.name,
    get current() {
      return change(instancer.current)
    },
    subscribe: (listener) => instancer.subscribe((set) => hear(change(set), listener)),
    [Symbol.asyncDispose]: () => instancer[Symbol.asyncDispose](),
  }
}

const never = new AbortController().signal
const memoized = <T extends object, R>(of: (of: T) => R) => {
  const known = new WeakMap<T, R>()
  return (key: T) => {
    if (!known.has(key)) known.set(key, of(key))
    return known.get(key) as R
  }
}

const faults: readonly (readonly [fault: string, Partial<Parts>, caught: readonly RegExp[]])[] = [
  [
    'one answer for ever',
    {
      source: (registry) =>
        async function* (signal) {
          registry.attempts++
          yield parse((await registry.ask(0, signal)).body)
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        },
    },
    [/^tells who comes/, /^comes to what holds/, /^tells very many/],
  ],
  [
    'changes lost between two questions',
    {
      source: (registry) =>
        async function* (signal) {
          registry.attempts++
          yield parse((await registry.ask(0, signal)).body)
          for (;;) {
            // Waits for what comes from now on, as one does that begins to watch only after it has read.
            const { version } = await registry.ask(0, signal)
            yield parse((await registry.ask(version, signal)).body)
            await registry.clock.sleep(30)
          }
        },
    },
    [/^comes to what holds in the end/],
  ],
  [
    'all told twice',
    { wrap: (make) => hearing(make(), (set, listener) => [listener(set), listener(set)]) },
    [/^tells/],
  ],
  [
    'sets in an order of their own',
    {
      wrap: (make) => {
        const reversed = memoized((set: InstanceSet) => ({ ...set, instances: set.instances?.toReversed() }))
        return hearing(make(), (set, listener) => listener(set), reversed)
      },
    },
    [/^tells which instances/],
  ],
  [
    'no weights',
    { parse: (body) => parse(body).map(({ weight, ...rest }) => rest) },
    [/^tells what the registry says/],
  ],
  ['no tags', { parse: (body) => parse(body).map(({ tags, ...rest }) => rest) }, [/^tells when the registry says/]],
  ['addresses for ids', { parse: (body) => parse(body).map((each) => ({ ...each, id: each.address })) }, [/moved/]],
  [
    'one instance for each host',
    { parse: (body) => parse(body).map((each) => ({ ...each, id: each.address.replace(/:\d+$/, '') })) },
    [/^tells processes of one host apart/],
  ],
  [
    'addresses without brackets',
    { parse: (body) => parse(body).map((each) => ({ ...each, address: each.address.replace(/[[\]]/g, '') })) },
    [/^tells IPv6/],
  ],
  [
    'no empty sets',
    {
      parse: (body) => {
        if (body === '[]') throw new Error('no such service')
        return parse(body)
      },
    },
    [/^tells that the last instance is gone/, /^tells that there are none/],
  ],
  ['the first page alone', { parse: (body) => parse(body).slice(0, 100) }, [/^tells very many/]],
  [
    'senseless answers for empty sets',
    {
      parse: (body) => {
        try {
          return parse(body)
        } catch {
          return []
        }
      },
    },
    [/^keeps what it knows while/, /^takes an answer that makes no sense/],
  ],
  [
    'outages for empty sets',
    {
      source: (registry) =>
        async function* (signal) {
          try {
            yield* watch(registry, { parse })(signal)
          } catch (thrown) {
            yield []
            throw thrown
          }
        },
    },
    [/^keeps what it knows through an outage/, /^begins while the registry is down/],
  ],
  [
    'no second try',
    {
      source: (registry) => {
        const seen = { failures: 0 }
        return async function* (signal) {
          if (seen.failures > 0) await new Promise((_, reject) => signal.addEventListener('abort', reject))
          seen.failures++
          yield* watch(registry, { parse })(signal)
        }
      },
    },
    [/^begins while the registry is down/, /^keeps what it knows through an outage/, /^sees what has changed/],
  ],
  [
    'ten tries for one',
    {
      source: (registry) =>
        async function* (signal) {
          for (let tries = 1; ; tries++) {
            try {
              yield* watch(registry, { parse })(signal)
            } catch (thrown) {
              if (tries === 10) throw thrown
            }
          }
        },
    },
    [/^asks a registry that is down/, /^asks a registry that makes no sense/],
  ],
  [
    'requests that nobody ends',
    { source: (registry) => () => watch(registry, { parse })(never) },
    [/^lets go when the last/, /^ends while it begins/, /^ends while an answer is late/],
  ],
  [
    'a timer that nobody ends',
    {
      source: (registry) =>
        async function* (signal) {
          registry.clock.schedule(1_000_000, () => {})
          yield* watch(registry, { parse })(signal)
        },
    },
    [/^lets go when the last/, /^leaves nothing of subscriptions/, /^ends while the registry is down/],
  ],
  [
    'a lookup for each subscriber',
    {
      wrap: (make) => {
        const all = [make()]
        const [first] = all as [Instancer]
        return {
          ...hearing(first, () => {}),
          get current() {
            return first.current
          },
          subscribe(listener) {
            const instancer = all.length === 1 ? first : make()
            all.push(instancer)
            return instancer.subscribe(listener)
          },
          async [Symbol.asyncDispose]() {
            for (const each of all) await each[Symbol.asyncDispose]()
          },
        }
      },
    },
    [/^shares one lookup/, /^tells all who subscribe/],
  ],
  [
    'a lookup before somebody subscribes',
    {
      wrap: (make) => {
        const instancer = make()
        instancer.subscribe(() => {})
        return instancer
      },
    },
    [/^says what it looks up/, /^lets go when the last/],
  ],
  [
    'an end that waits for an answer',
    {
      wrap: (make, registry) => {
        const instancer = make()
        return {
          ...hearing(instancer, () => {}),
          get current() {
            return instancer.current
          },
          subscribe: (listener) => instancer.subscribe(listener),
          async [Symbol.asyncDispose]() {
            while (instancer.current.error !== undefined) await registry.clock.sleep(10)
            await instancer[Symbol.asyncDispose]()
          },
        }
      },
    },
    [/^ends while the registry is down/],
  ],
]

/** Why a case fails; undefined when it does not. */
async function failureOf({ run }: InstancerCase, harness: InstancerHarness): Promise<unknown> {
  try {
    await run(harness)
    return undefined
  } catch (thrown) {
    return thrown
  }
}

describe('the conformance suite of instancers', () => {
  describe('is passed by one of a registry in memory', () => {
    for (const { name, run } of instancerCases) it(name, () => run({ ...harnessOf(), most: 10_000 }))
  })

  describe('is passed by one of a registry that says what it lacks', () => {
    const lacking = harnessOf({ parse: (body) => parse(body).map(({ address }) => ({ id: address, address })) })
    const without = ['ids', 'weight', 'priority', 'zone', 'tags', 'metadata'] as const
    for (const { name, run } of instancerCases) it(name, () => run({ ...lacking, without }))
  })

  for (const [fault, parts, caught] of faults) {
    it(`finds ${fault}`, async () => {
      for (const pattern of caught) {
        const cases = instancerCases.filter(({ name }) => pattern.test(name))
        const failures = await Promise.all(cases.map((each) => failureOf(each, harnessOf(parts))))
        assert.ok(
          failures.some((failure) => failure instanceof assert.AssertionError),
          `${pattern} should fail, but gave ${failures.join('\n')}`,
        )
      }
    })
  }
})
