// The local registry with real processes: many that come and go at the same time, some that are killed or stopped.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { localInstancer } from '../../src/discovery/local/instancer.ts'
import { eventually } from '../../src/testing/eventually.ts'

const program = join(import.meta.dirname, 'local/announce.ts')
const limitMs = 30_000

interface Announcer {
  readonly child: ChildProcess
  /** What it has said of errors. */
  readonly said: () => string
  /** Resolves when it stays. */
  readonly stays: Promise<unknown>
}

/** A folder, whoever announces there, and one who watches. */
class Registry {
  readonly folder = mkdtempSync(join(tmpdir(), 'servicekit-integration-'))
  readonly troubles: string[] = []
  readonly instancer = localInstancer({
    service: 'orders',
    folder: this.folder,
    onError: ({ error }) => this.troubles.push(error.message),
    onBadLease: ({ error }) => this.troubles.push(error.message),
  })
  readonly #children: ChildProcess[] = []
  changes = 0

  constructor() {
    this.instancer.subscribe(() => this.changes++)
  }

  announce(id: string, { leaseMs = 5_000, rounds = 0 } = {}): Announcer {
    const child = spawn(process.execPath, [program, this.folder, id, `${leaseMs}`, `${rounds}`], { stdio: 'pipe' })
    this.#children.push(child)
    let text = ''
    child.stderr.on('data', (more) => (text += more))
    return { child, said: () => text, stays: once(child.stdout, 'data') }
  }

  has(...ids: readonly string[]): Promise<unknown> {
    const expected = ids.map((id) => `${id}-9999`).toSorted()
    const check = () =>
      assert.deepEqual(
        this.instancer.current.instances?.map(({ id }) => id),
        expected,
      )
    return eventually(check, limitMs)
  }

  files(): string[] {
    return readdirSync(join(this.folder, 'orders'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.instancer[Symbol.asyncDispose]()
    for (const child of this.#children) child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

describe('the local registry', { timeout: 120_000 }, () => {
  it('is right in the end when twenty processes come and go at the same time', async () => {
    await using registry = new Registry()
    const ids = Array.from({ length: 20 }, (_, at) => `p${at}`)
    const announcers = ids.map((id) => registry.announce(id, { rounds: 40 }))
    await Promise.all(announcers.map(({ stays }) => stays))
    await registry.has(...ids)
    assert.ok(registry.changes > 20, `only ${registry.changes} changes were seen`)
    assert.equal(registry.files().length, 20, 'nothing should be left of those who went')
    const ends = announcers.map(({ child }) => once(child, 'exit'))
    for (const { child } of announcers) child.stdin?.end()
    for (const [code] of await Promise.all(ends)) assert.equal(code, 0)
    await registry.has()
    assert.deepEqual(registry.files(), [])
    assert.deepEqual(registry.troubles, [])
    for (const { said } of announcers) assert.equal(said(), '')
  })

  it('sees that a process was killed long before its lease runs out', async () => {
    await using registry = new Registry()
    const [killed, other] = ['killed', 'other'].map((id) => registry.announce(id, { leaseMs: 3_600_000 }))
    await registry.has('killed', 'other')
    killed?.child.kill('SIGKILL')
    await registry.has('other')
    other?.child.kill('SIGKILL')
    await registry.has()
    assert.deepEqual(registry.troubles, [])
  })

  it('does without a process that is stopped, and has it back when it goes on', {
    skip: process.platform === 'win32',
  }, async () => {
    await using registry = new Registry()
    const stopped = registry.announce('stopped', { leaseMs: 1_000 })
    registry.announce('other', { leaseMs: 60_000 })
    await registry.has('stopped', 'other')
    stopped.child.kill('SIGSTOP')
    await registry.has('other')
    stopped.child.kill('SIGCONT')
    await registry.has('stopped', 'other')
    assert.deepEqual(registry.troubles, [])
  })

  it('has all back when somebody removes the folder', async () => {
    await using registry = new Registry()
    const ids = ['one', 'two', 'three']
    for (const id of ids) registry.announce(id)
    await registry.has(...ids)
    const before = new Set(registry.files())
    rmSync(registry.folder, { recursive: true })
    await eventually(() => registry.files().length === 3 && !registry.files().some((name) => before.has(name)), limitMs)
    await eventually(() => registry.instancer.current.error === undefined, limitMs)
    await registry.has(...ids)
  })

  it('holds no process that announces and watches', async () => {
    await using registry = new Registry()
    const { child, said } = registry.announce('leaving', { rounds: -1 })
    const [code] = await once(child, 'exit')
    assert.equal(code, 0, said())
    assert.equal(said(), '')
    await registry.has()
  })
})
