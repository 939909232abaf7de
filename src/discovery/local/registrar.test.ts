import assert from 'node:assert/strict'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { instanceAt } from '../instance.ts'
import { serviceFolder } from './folder.ts'
import { parseLease } from './lease.ts'
import { thisOwner } from './owner.ts'
import { type LocalRegistrarOptions, localRegistrar } from './registrar.ts'

const a = { ...instanceAt('10.0.0.1:8080'), weight: 2, metadata: { version: '2' } }

function fresh() {
  const root = mkdtempSync(join(tmpdir(), 'servicekit-registrar-'))
  const clock = manualClock()
  const folder = serviceFolder(root, 'orders')
  return {
    root,
    clock,
    folder,
    files: () => (existsSync(folder) ? readdirSync(folder) : []),
    registrar: (options?: LocalRegistrarOptions) => localRegistrar({ folder: root, clock, ...options }),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

describe('localRegistrar', { timeout: 20_000 }, () => {
  it('says in a file what there is to know, and takes it back', async () => {
    using registry = fresh()
    const { clock, folder, files } = registry
    await using registrar = registry.registrar({ leaseMs: 8_000 })
    assert.equal(registrar.name, `the local registry at ${registry.root}`)
    const registration = registrar.register('orders', a)
    await registration.registered
    const [name = ''] = files()
    const lease = parseLease(readFileSync(join(folder, name), 'utf8'), 'orders')
    const announcedAt = clock.wallNow()
    assert.deepEqual(lease, { service: 'orders', instance: a, owner: thisOwner(), leaseMs: 8_000, announcedAt })
    await registration.close()
    assert.deepEqual(files(), [])
    assert.equal(clock.pending, 0)
  })

  it('touches the file five times a lease, or as often as it is told', async () => {
    for (const [options, everyMs] of [
      [{}, 1_000],
      [{ leaseMs: 60_000 }, 12_000],
      [{ heartbeatMs: 2_500 }, 2_500],
    ] as const) {
      using registry = fresh()
      const { clock, folder, files } = registry
      await using registrar = registry.registrar(options)
      await registrar.register('orders', a).registered
      const path = join(folder, files()[0] ?? '')
      for (let beat = 1; beat <= 3; beat++) {
        await eventually(() => clock.nextAt === beat * everyMs)
        await clock.advance(everyMs)
        await eventually(() => Math.round(statSync(path).mtimeMs) === clock.wallNow())
      }
    }
  })

  it('takes all of them back when it is disposed', async () => {
    using registry = fresh()
    const registrar = registry.registrar()
    const ids = ['10.0.0.1:8080', '../../x', '.', 'Ä'.repeat(200)]
    const registrations = ids.map((id) => registrar.register('orders', { ...a, id }))
    await Promise.all(registrations.map(({ registered }) => registered))
    assert.equal(registry.files().length, ids.length)
    await registrar[Symbol.asyncDispose]()
    assert.deepEqual(registry.files(), [])
  })

  it('announces anew what somebody has removed, with its folder or without', async () => {
    using registry = fresh()
    const { clock, root, folder, files } = registry
    const errors: string[] = []
    await using registrar = registry.registrar({ onError: ({ error }) => errors.push(error.message) })
    const registration = registrar.register('orders', a)
    await registration.registered
    for (const remove of [() => rmSync(join(folder, files()[0] ?? '')), () => rmSync(root, { recursive: true })]) {
      remove()
      await eventually(() => clock.nextAt < Infinity && registration.state === 'registered')
      await clock.advance(1_000)
      await eventually(() => files().length === 1 && registration.state === 'registered')
    }
    assert.equal(errors.length, 2)
    for (const message of errors) assert.match(message, /somebody has removed the lease/)
  })

  it('leaves no second file behind when one could not be renewed', async () => {
    using registry = fresh()
    const { clock, root, files } = registry
    const errors: string[] = []
    await using registrar = registry.registrar({ onError: ({ error }) => errors.push(error.message) })
    await registrar.register('orders', a).registered
    const [before] = files()
    await eventually(() => clock.pending === 1)
    renameSync(root, `${root}-away`)
    writeFileSync(root, '')
    await clock.advance(1_000)
    await eventually(() => errors.length === 2 && clock.pending === 1)
    assert.deepEqual(
      errors.map((message) => message.includes('no folder')),
      [true, true],
    )
    rmSync(root)
    renameSync(`${root}-away`, root)
    await clock.advance(2_000)
    await eventually(() => files().length === 1 && files()[0] !== before)
  })

  it('goes on until it can write there, and says what is wrong', async () => {
    using registry = fresh()
    const errors: string[] = []
    const file = join(registry.root, 'file')
    writeFileSync(file, '')
    await using registrar = registry.registrar({
      folder: file,
      backoff: { jitter: 'none' },
      onError: ({ error }) => errors.push(error.message),
    })
    const registration = registrar.register('orders', a)
    await eventually(() => errors.length === 1)
    assert.match(errors[0] ?? '', /the registry's folder .*file cannot be used: a part of its path is no folder/)
    rmSync(file)
    await eventually(() => registry.clock.pending === 1)
    await registry.clock.advance(1_000)
    await registration.registered
  })

  it('refuses what makes no sense', async () => {
    using registry = fresh()
    assert.throws(() => registry.registrar({ leaseMs: 99 }), /leaseMs must be a number from 100 to 86400000/)
    assert.throws(() => registry.registrar({ heartbeatMs: 3_000 }), /heartbeatMs must be a number from 20 to 2500/)
    assert.throws(() => registry.registrar({ folder: '' }), /folder must be/)
    const errors: string[] = []
    await using registrar = registry.registrar({ onError: ({ error }) => errors.push(error.message) })
    registrar.register('orders', { ...a, zone: 'x'.repeat(100_000) })
    await eventually(() => errors.length > 0)
    assert.match(errors[0] ?? '', /an instance may take 65536 bytes/)
  })
})
