// The local registry in the suites of all instancers and registrars: real files, and a clock that stands still until they have been read.
import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { instancerCases, type OpenRegistry } from '../../testing/conformance/instancer.ts'
import type { OpenRegistrarRegistry } from '../../testing/conformance/registrar.ts'
import { registrarCases } from '../../testing/conformance/registrar.ts'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import type { Instance } from '../instance.ts'
import { serviceFolder } from './folder.ts'
import { localInstancer } from './instancer.ts'
import { leaseText, longestLeaseMs } from './lease.ts'
import { leaseFileName, removeLease, writeLease } from './lease-file.ts'
import { localRegistrar } from './registrar.ts'
import { Sightings } from './sightings.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const isReading = () => process.getActiveResourcesInfo().some((resource) => /^(?:FSReq|CloseReq)/.test(resource))

/** Moves the clock, and lets all happen that the files bring. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  await clock.advance(ms)
  for (let quiet = 0; quiet < 3; quiet = isReading() ? 0 : quiet + 1) await turn()
}

/** How many watches this process has, as Linux counts them. */
function watches(): number {
  const texts = globSync('/proc/self/fdinfo/*').map((path) => {
    try {
      return readFileSync(path, 'latin1')
    } catch {
      return ''
    }
  })
  return texts.join('\n').split('inotify wd:').length - 1
}

/** A folder that others announce in, who write what they are told to. */
class Folder {
  readonly clock: ManualClock = manualClock()
  readonly root: string = mkdtempSync(join(tmpdir(), 'servicekit-local-'))
  readonly #files = new Map<string, string>()
  #hidden: string | undefined
  #announced = 0

  get #folder(): string {
    return this.#hidden ?? serviceFolder(this.root, 'orders')
  }

  held(): number {
    return this.clock.pending + watches()
  }

  async set(instances: readonly Instance[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    const wanted = new Map(instances.map((instance, at) => [`${at} ${JSON.stringify(instance)}`, instance]))
    for (const [key, instance] of wanted) if (!this.#files.has(key)) await this.#announce(key, instance)
    for (const [key, name] of this.#files)
      if (!wanted.has(key)) {
        await removeLease(join(this.#folder, name))
        this.#files.delete(key)
      }
  }

  async #announce(key: string, instance: Instance): Promise<void> {
    const name = leaseFileName(instance.id, Math.random)
    const owner = { pid: 1, place: 'elsewhere' }
    const lease = { service: 'orders', instance, owner, leaseMs: longestLeaseMs, announcedAt: this.#announced++ }
    await writeLease(this.#folder, name, leaseText(lease), this.clock.wallNow())
    this.#files.set(key, name)
  }

  /** Something else is where the folder was. */
  async stop(): Promise<void> {
    const folder = this.#folder
    await mkdir(folder, { recursive: true })
    this.#hidden = `${folder} away`
    await rename(folder, this.#hidden)
    await writeFile(folder, '')
  }

  async start(): Promise<void> {
    const hidden = this.#folder
    this.#hidden = undefined
    await rm(this.#folder)
    await rename(hidden, this.#folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true })
  }
}

describe('localInstancer passes the suite of instancers', () => {
  const harness = {
    without: ['atOnce'] as const,
    most: 200,
    async open(): Promise<OpenRegistry> {
      const folder = new Folder()
      const { clock, root } = folder
      return {
        clock,
        pass: (ms) => pass(clock, ms),
        instancer: (options) => localInstancer({ ...options, service: 'orders', folder: root }),
        set: (instances) => folder.set(instances),
        stop: () => folder.stop(),
        start: () => folder.start(),
        held: () => folder.held(),
        [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
      }
    },
  }
  for (const { name, run } of instancerCases) it(name, { timeout: 30_000 }, (test) => run(harness, test))
})

describe('localRegistrar passes the suite of registrars', () => {
  const harness = {
    async open(): Promise<OpenRegistrarRegistry> {
      const folder = new Folder()
      const { clock, root } = folder
      const away = `${root}-away`
      // One that is announced anew elsewhere is there twice for a moment.
      const onBadLease = ({ error }: { error: Error }) => assert.match(error.message, /says later$/)
      const readers = new Map<string, Sightings>()
      const readerOf = (service: string): Sightings => {
        const options = { root, folder: serviceFolder(root, service), service, clock, pollMs: 1_000, onBadLease }
        const reader = readers.get(service) ?? new Sightings(options)
        readers.set(service, reader)
        return reader
      }
      return {
        clock,
        pass: (ms) => pass(clock, ms),
        leaseMs: 5_000,
        registrar: (options) => localRegistrar({ ...options, folder: root }),
        async listed(service) {
          await mkdir(serviceFolder(root, service), { recursive: true })
          return readerOf(service).look()
        },
        async stop() {
          await rename(root, away)
          await writeFile(root, '')
        },
        async start() {
          await rm(root)
          await rename(away, root)
        },
        async forget() {
          await rm(away, { recursive: true })
          await mkdir(away)
        },
        held: () => folder.held(),
        async [Symbol.asyncDispose]() {
          for (const path of [root, away]) await rm(path, { recursive: true, force: true })
        },
      }
    },
  }
  for (const { name, run } of registrarCases) it(name, { timeout: 30_000 }, (test) => run(harness, test))
})
