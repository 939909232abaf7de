// Conformance of a registrar: registries that are down or forget, and processes that end without a word.
import assert from 'node:assert/strict'
import type { Instance } from '../../discovery/instance.ts'
import { assertSeen, instancesOf } from './assert-seen.ts'
import { settles, triesNoMoreThanAllowed, until } from './harness-time.ts'
import { LeftOut } from './left-out.ts'
import { MortalClock } from './mortal-clock.ts'
import { type RegistrarCase, withRegistrar } from './registrar-harness.ts'

const three = instancesOf(3)
const [one, two] = three as [Instance, Instance, Instance]

/** Outages, leases and lost memories. */
export const registrarTroubleCases: readonly RegistrarCase[] = [
  {
    name: 'registers as soon as the registry has come up',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const { registry, registrar, failures } = setup
        if (registry.stop === undefined || registry.start === undefined)
          throw new LeftOut('the registry is always there')
        await registry.stop()
        const registration = registrar.register('orders', one)
        await until(registry, () => failures.length >= 2, 'it is tried again')
        assert.equal(registration.state, 'pending')
        assert.ok(registration.error instanceof Error && registration.error.message !== '')
        assert.equal(failures[0]?.during, 'register')
        assert.equal(failures[0]?.name, registrar.name)
        await registry.start()
        await settles(registry, registration.registered, 'it is registered')
        assert.equal(registration.error, undefined)
        await setup.lists('orders', [one])
      }),
  },
  {
    name: 'is registered again after an outage, by itself',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const { registry } = setup
        if (registry.stop === undefined || registry.start === undefined)
          throw new LeftOut('the registry is always there')
        await setup.registers('orders', three)
        for (const outageMs of [10, 2 * (registry.leaseMs ?? 500)]) {
          await registry.stop()
          await registry.pass(outageMs)
          await registry.start()
          await setup.lists('orders', three)
        }
      }),
  },
  {
    name: 'is registered again after the registry has forgotten it, by itself',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const { registry } = setup
        if (registry.forget === undefined) throw new LeftOut('the registry forgets nothing')
        const registrations = await setup.registers('orders', three)
        for (let turn = 0; turn < 2; turn++) {
          await registry.stop?.()
          await registry.forget()
          await registry.start?.()
          await setup.lists('orders', three)
          const isWell = () => registrations.every(({ state }) => state === 'registered')
          await until(registry, isWell, 'all are said to be registered')
        }
      }),
  },
  {
    name: 'stays registered for longer than its lease',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const { registry } = setup
        const { leaseMs } = registry
        if (leaseMs === undefined) throw new LeftOut('nothing is given up that is not renewed')
        await setup.registers('orders', [one, two])
        await setup.lists('orders', [one, two])
        for (let quarter = 0; quarter < 12; quarter++) {
          await registry.pass(leaseMs / 4)
          const listed = await registry.listed('orders')
          assertSeen(listed, [one, two], harness, `the instances after ${quarter + 1} quarters of a lease`)
        }
        assert.equal(setup.failures.length, 0)
      }),
  },
  {
    name: 'is gone after its lease when its process ends without a word',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const { registry } = setup
        if (registry.leaseMs === undefined) throw new LeftOut('nothing is given up that is not renewed')
        await setup.registers('orders', [one])
        const clock = new MortalClock(registry.clock)
        const mortal = setup.another({ clock })
        try {
          const registration = mortal.register('orders', two)
          await settles(registry, registration.registered, 'it is registered')
          await setup.lists('orders', [one, two])
          clock.stop()
          await registry.kill?.(mortal)
          await registry.pass(registry.leaseMs)
          await setup.lists('orders', [one], 'the instances after a lease')
        } finally {
          clock.go()
          // The registry has nothing of it any more, and may say so.
          await setup.disposes(mortal).catch(() => {})
        }
      }),
  },
  {
    name: 'tells a registry that is down no more often than its back-off allows',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const { registry, registrar, failures } = setup
        const { outageMs = 60_000 } = harness
        if (registry.stop === undefined || registry.start === undefined)
          throw new LeftOut('the registry is always there')
        await registry.stop()
        const registration = registrar.register('orders', one)
        await until(registry, () => failures.length > 0, 'the failure is told')
        await triesNoMoreThanAllowed(registry, failures, outageMs)
        await registry.start()
        await settles(registry, registration.registered, 'it is registered')
      }),
  },
  {
    name: 'registers with a registry that answers late',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        if (setup.registry.delay === undefined) throw new LeftOut('answers cannot be made late')
        await setup.registry.delay(200)
        const registrations = await setup.registers('orders', three)
        await setup.lists('orders', three)
        for (const registration of registrations) await setup.closes(registration)
        await setup.leaves('orders', [])
        assert.equal(setup.failures.length, 0)
      }),
  },
]
