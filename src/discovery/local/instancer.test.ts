import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { instanceAt } from '../instance.ts'
import type { Instancer } from '../instancer.ts'
import { defaultFolder, serviceFolder } from './folder.ts'
import { type LocalInstancerOptions, localInstancer } from './instancer.ts'
import { localRegistrar } from './registrar.ts'

const a = instanceAt('10.0.0.1:8080')
const b = instanceAt('10.0.0.2:8080')

function fresh() {
  const root = mkdtempSync(join(tmpdir(), 'servicekit-instancer-'))
  const clock = manualClock()
  return {
    root,
    clock,
    registrar: () => localRegistrar({ folder: root, clock }),
    instancer: (options?: Partial<LocalInstancerOptions>) =>
      localInstancer({ service: 'orders', folder: root, clock, ...options }),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

const knows = (instancer: Instancer, ...ids: string[]) =>
  eventually(() =>
    assert.deepEqual(
      instancer.current.instances?.map(({ id }) => id),
      ids,
    ),
  )

describe('localInstancer', { timeout: 20_000 }, () => {
  it('sees what a registrar announces and takes back, without any time passing', async () => {
    using registry = fresh()
    await using instancer = registry.instancer()
    await using registrar = registry.registrar()
    instancer.subscribe(() => {})
    await knows(instancer)
    const registration = registrar.register('orders', a)
    await knows(instancer, a.id)
    registrar.register('orders', b)
    registrar.register('bills', instanceAt('10.0.0.3:8080'))
    await knows(instancer, a.id, b.id)
    await registration.close()
    await knows(instancer, b.id)
  })

  it('has a name that says what it looks up, and is where nobody says otherwise for each user', () => {
    using registry = fresh()
    assert.equal(registry.instancer().name, `orders in the local registry at ${registry.root}`)
    assert.equal(localInstancer({ service: 'orders' }).name, `orders in the local registry at ${defaultFolder()}`)
  })

  it('finds by its polls what nobody told it of', async () => {
    using registry = fresh()
    const { clock } = registry
    await using instancer = registry.instancer({ pollMs: 200 })
    await using registrar = registry.registrar()
    await registrar.register('orders', a).registered
    instancer.subscribe(() => {})
    await knows(instancer, a.id)
    // A process that is stopped renews nothing.
    const frozen = localRegistrar({ folder: registry.root, clock: manualClock({ wallStartAt: clock.wallNow() }) })
    await frozen.register('orders', b).registered
    await knows(instancer, a.id, b.id)
    for (let passed = 0; passed < 6_000; passed += 200) {
      await clock.advance(200)
      await eventually(() => clock.pending === 2)
    }
    await knows(instancer, a.id)
    await frozen[Symbol.asyncDispose]()
  })

  it('keeps what it knows when the folder is removed, until all have come back', async () => {
    using registry = fresh()
    const { clock, root } = registry
    await using instancer = registry.instancer({ backoff: { jitter: 'none' } })
    await using registrar = registry.registrar()
    const told: (string | undefined)[] = []
    instancer.subscribe(({ instances }) => told.push(instances?.map(({ id }) => id).join()))
    await knows(instancer)
    await Promise.all([a, b].map((instance) => registrar.register('orders', instance).registered))
    await knows(instancer, a.id, b.id)
    const before = told.length
    rmSync(root, { recursive: true })
    await eventually(() => instancer.current.error !== undefined)
    assert.match(instancer.current.error?.message ?? '', /it was removed, and will be made again/)
    await clock.advance(1_000)
    await eventually(() => instancer.current.error === undefined)
    assert.deepEqual(new Set(told.slice(before)), new Set([`${a.id},${b.id}`]))
  })

  it('tells of a bad file, and of the others all the same', async () => {
    using registry = fresh()
    const bad: string[] = []
    await using instancer = registry.instancer({ onBadLease: ({ file }) => bad.push(file) })
    await using registrar = registry.registrar()
    await registrar.register('orders', a).registered
    const file = join(serviceFolder(registry.root, 'orders'), 'b.json')
    writeFileSync(file, '{')
    instancer.subscribe(() => {})
    await knows(instancer, a.id)
    assert.deepEqual(bad, [file])
    assert.equal(instancer.current.error, undefined)
  })

  it('says what is wrong with a folder that is none', async () => {
    using registry = fresh()
    const folder = join(registry.root, 'file')
    writeFileSync(folder, '')
    await using instancer = registry.instancer({ folder })
    instancer.subscribe(() => {})
    await eventually(() => instancer.current.error !== undefined)
    assert.match(
      instancer.current.error?.message ?? '',
      /file cannot be used: a part of its path is no folder; name another/,
    )
  })

  it('refuses what makes no sense', () => {
    assert.throws(() => localInstancer({ service: '' }), /service must be a text/)
    assert.throws(() => localInstancer({ service: 'orders', folder: '' }), /folder must be/)
    assert.throws(() => localInstancer({ service: 'orders', pollMs: 0 }), /pollMs must be a number from 10 to 3600000/)
  })
})
