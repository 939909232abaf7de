// Conformance of a registrar: it ends in time and leaves nothing, whenever that is.
import assert from 'node:assert/strict'
import type { Instance } from '../../discovery/instance.ts'
import { instancesOf } from './assert-seen.ts'
import { settles, until } from './harness-time.ts'
import { LeftOut } from './left-out.ts'
import { type RegistrarCase, withRegistrar } from './registrar-harness.ts'

const three = instancesOf(3)
const [one] = three as [Instance, Instance, Instance]

/** What a promise came to. */
const outcomeOf = (promise: Promise<void>): Promise<'resolved' | 'rejected'> =>
  promise.then(
    () => 'resolved',
    () => 'rejected',
  )

/** Beginnings and ends. */
export const registrarLifeCases: readonly RegistrarCase[] = [
  {
    name: 'says which registry it tells, and holds nothing for what was closed',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        assert.ok(setup.registrar.name.trim() !== '')
        for (let turn = 0; turn < 5; turn++)
          for (const each of await setup.registers('orders', three)) await setup.closes(each)
        await setup.letsGo()
      }),
  },
  {
    name: 'closes twice as once',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const registration = await setup.has('orders', one)
        await Promise.all([setup.closes(registration), setup.closes(registration)])
        await settles(setup.registry, registration[Symbol.asyncDispose](), 'it is disposed')
        await setup.disposes()
        await setup.disposes()
        await setup.leaves('orders', [])
      }),
  },
  {
    name: 'closes what is about to be registered, and leaves it nowhere',
    async run(harness) {
      for (const ms of [undefined, 0, 1, 3, 10])
        await withRegistrar(harness, async (setup) => {
          const registration = setup.registrar.register('orders', one)
          if (ms !== undefined) await setup.registry.pass(ms)
          await setup.closes(registration)
          assert.equal(registration.state, 'closed')
          await settles(setup.registry, outcomeOf(registration.registered), 'the promise of it settles')
          await setup.letsGo()
          await setup.registry.pass(500)
          await setup.leaves('orders', [])
        })
    },
  },
  {
    name: 'closes what the registry never had',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const { registry, registrar, failures } = setup
        if (registry.stop === undefined || registry.start === undefined)
          throw new LeftOut('the registry is always there')
        await registry.stop()
        const registration = registrar.register('orders', one)
        await until(registry, () => failures.length > 0, 'the failure is told')
        const registered = outcomeOf(registration.registered)
        await settles(registry, outcomeOf(registration.close()), 'it is closed')
        assert.equal(await registered, 'rejected')
        await setup.letsGo()
        await registry.start()
        await registry.pass(1_000)
        await setup.lists('orders', [])
      }),
  },
  {
    name: 'closes in time while the registry is down',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const { registry } = setup
        if (registry.stop === undefined || registry.start === undefined)
          throw new LeftOut('the registry is always there')
        const registration = await setup.has('orders', one)
        await setup.registers('orders', three.slice(1))
        await registry.stop()
        await settles(registry, outcomeOf(registration.close()), 'it is closed')
        assert.equal(registration.state, 'closed')
        await settles(registry, outcomeOf(Promise.resolve(setup.registrar[Symbol.asyncDispose]())), 'all are closed')
        await setup.letsGo()
        await registry.start()
        // What could not be taken back is gone after its lease, where there is one.
        if (registry.leaseMs === undefined) return
        await registry.pass(registry.leaseMs)
        await setup.lists('orders', [])
      }),
  },
  {
    name: 'closes in time while the registry does not answer',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const { registry } = setup
        if (registry.delay === undefined) throw new LeftOut('answers cannot be made late')
        const registration = await setup.has('orders', one)
        await registry.delay(60_000)
        const late = setup.registrar.register('orders', { ...one, id: 'orders-late' })
        await registry.pass(50)
        for (const each of [registration, late]) {
          await settles(registry, outcomeOf(each.close()), 'it is closed')
          assert.equal(each.state, 'closed')
        }
        await setup.letsGo()
      }),
  },
]
