// Conformance of a registrar: what the registry has while instances are registered, and afterwards.
import assert from 'node:assert/strict'
import type { Instance } from '../../discovery/instance.ts'
import { instanceOf, instancesOf } from './assert-seen.ts'
import { settles } from './harness-time.ts'
import { LeftOut } from './left-out.ts'
import { type RegistrarCase, withRegistrar } from './registrar-harness.ts'

const three = instancesOf(3)
const [one, two, last] = three as [Instance, Instance, Instance]

/** What appears, and what is taken away. */
export const registrarListCases: readonly RegistrarCase[] = [
  {
    name: 'registers an instance until it is closed',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const registration = setup.registrar.register('orders', one)
        assert.equal(registration.state, 'pending')
        await settles(setup.registry, registration.registered, 'it is registered')
        assert.equal(registration.state, 'registered')
        assert.equal(registration.error, undefined)
        await setup.lists('orders', [one])
        await setup.closes(registration)
        assert.equal(registration.state, 'closed')
        await setup.leaves('orders', [])
      }),
  },
  {
    name: 'registers several instances of a service, and takes each back by itself',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        await setup.has('orders', one)
        const second = await setup.has('orders', two)
        const third = await setup.has('orders', last)
        await setup.lists('orders', three)
        await setup.closes(second)
        await setup.leaves('orders', [one, last])
        await setup.closes(third)
        await setup.leaves('orders', [one])
        await setup.has('orders', two)
        await setup.lists('orders', [one, two])
      }),
  },
  {
    name: 'keeps the instances of services apart',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const atOrders = await setup.has('orders', one)
        const users = { ...two, id: 'users-00002' }
        await setup.has('users', users)
        await setup.lists('orders', [one])
        await setup.lists('users', [users])
        await setup.closes(atOrders)
        await setup.leaves('orders', [])
        await setup.leaves('users', [users])
      }),
  },
  {
    name: 'registers all that is said of an instance',
    async run(harness) {
      const all = {
        weight: 5,
        priority: 2,
        zone: 'eu-west-1a',
        tags: ['blue', 'v2'],
        metadata: { version: '2.1', a: 'b=c d' },
      }
      const described = [
        ...Object.entries(all).map(([member, value]) => ({ ...one, [member]: value })),
        { ...one, ...all },
        { ...one, weight: 0 },
      ]
      for (const instance of described)
        await withRegistrar(harness, async (setup) => {
          await setup.has('orders', instance)
          await setup.lists('orders', [instance])
        })
    },
  },
  {
    name: 'lets the latter win of two with the same id',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        if (setup.lacks('ids')) throw new LeftOut('without ids')
        await setup.registers('orders', [one, two])
        const moved = { ...one, address: instanceOf(20).address }
        await setup.has('orders', moved)
        await setup.lists('orders', [moved, two])
      }),
  },
  {
    name: 'registers again what was taken back',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        for (let turn = 0; turn < 3; turn++) {
          const registration = await setup.has('orders', one)
          await setup.lists('orders', [one])
          await setup.closes(registration)
          await setup.leaves('orders', [])
        }
      }),
  },
  {
    name: 'takes back all when it is disposed, and no others',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const other = setup.another()
        try {
          const elsewhere = other.register('orders', instanceOf(9))
          await settles(setup.registry, elsewhere.registered, 'it is registered elsewhere')
          const registrations = await setup.registers('orders', three)
          await setup.lists('orders', [...three, instanceOf(9)])
          await setup.disposes()
          for (const { state } of registrations) assert.equal(state, 'closed')
          await setup.leaves('orders', [instanceOf(9)])
        } finally {
          await setup.disposes(other)
        }
        await setup.leaves('orders', [])
      }),
  },
  {
    name: 'registers many instances at once',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const many = instancesOf(50)
        await setup.registers('orders', many)
        await setup.lists('orders', many)
        await setup.disposes()
        await setup.leaves('orders', [])
      }),
  },
]
