// Stage: the processes of the demo, and all that is known of them; what happens to them is the story's.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpClient } from 'servicekit/transport/http/client'
import { stringsvc } from '../stringsvc/stringsvc1/stringsvc.ts'
import { Driver } from './driver.ts'
import type { Report } from './messages.ts'
import { patienceMs } from './part.ts'
import { Process } from './process.ts'
import { Reports } from './reports.ts'

/** How large a stage is. */
export interface StageOptions {
  /** Where the proxy should listen; the next port that is free is taken. */
  readonly port: number
  readonly callsPerSecond: number
  /** Told of the end of a process that the story did not want. */
  readonly onLoss: (what: string) => void
}

/** A running demo. Disposing it ends all that it has started, and removes all that it has written. */
export class Stage implements AsyncDisposable {
  readonly reports: Reports = new Reports()
  readonly #options: StageOptions
  readonly #folder: string
  readonly #processes = new Set<Process>()
  readonly #instances = new Map<string, Process>()
  readonly #ends = new AsyncDisposableStack()
  readonly #closing = new AbortController()
  #driver: Driver | undefined
  #proxy: Process | undefined
  #isClosing = false

  private constructor(options: StageOptions) {
    this.#options = options
    this.#folder = writableFolder()
  }

  /** Starts a proxy and three instances, and resolves when it knows them. Calls `onStart` with what there is to end before that. */
  static async set(options: StageOptions, onStart: (stage: Stage) => void = () => {}): Promise<Stage> {
    const stage = new Stage(options)
    onStart(stage)
    try {
      await stage.#begin()
      return stage
    } catch (thrown) {
      await stage[Symbol.asyncDispose]()
      throw thrown
    }
  }

  /** Where the proxy is. */
  get url(): string {
    return this.#proxy?.url ?? ''
  }

  get driver(): Driver {
    if (this.#driver === undefined) throw new Error('the stage is not set')
    return this.#driver
  }

  /** The instances that live, by their ids. */
  get pids(): ReadonlyMap<string, number> {
    const living = [...this.#instances].filter(([, { isThere }]) => isThere)
    return new Map(living.map(([id, { pid = 0 }]) => [id, pid]))
  }

  /** Starts an instance, or another one in place of one that has ended. */
  async add(id: string): Promise<void> {
    await this.#start('instance', ['--id', id], (process) => this.#instances.set(id, process))
  }

  instance(id: string): Process {
    const instance = this.#instances.get(id)
    if (instance === undefined) throw new Error(`there is no instance ${id}`)
    return instance
  }

  /** Rejects when the stage is closed meanwhile. */
  async wait(ms: number): Promise<void> {
    await sleep(Math.max(0, ms), undefined, { signal: this.#closing.signal })
  }

  /** Ends everything at once. */
  endNow(): void {
    this.#isClosing = true
    for (const process of this.#processes) process.endNow()
    removeFolder(this.#folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#closing.abort()
    await this.#driver?.stop()
    await this.#ends.disposeAsync()
    await Promise.all(Array.from(this.#processes, (process) => process.end()))
    removeFolder(this.#folder)
  }

  async #begin(): Promise<void> {
    const { port, callsPerSecond } = this.#options
    const proxy = this.#start('proxy', ['--port', `${port}`], (process) => {
      this.#proxy = process
    })
    // The first to fail is told of; the others are ended with the stage.
    await Promise.all([proxy, this.add('a'), this.add('b'), this.add('c')])
    const client = this.#ends.use(httpClient(stringsvc, { baseUrl: this.url }))
    // A client begins to look for instances with its first call.
    await client.uppercase({ s: 'hello' })
    const answeredAt = Date.now()
    const knowsAll = ({ at, instances }: Report) =>
      at > answeredAt && instances.filter(({ joinedAt }) => joinedAt !== undefined).length === 3
    if (!(await this.reports.until(() => knowsAll(this.reports.last), 10_000)))
      throw new Error('the proxy did not find the three instances')
    // That call is not the driver's, and no figure has it.
    this.reports.begin()
    this.#driver = new Driver({
      callsPerSecond,
      call: async (number) => {
        const s = `call ${number}`
        const { v } = await client.uppercase({ s }, { timeoutMs: patienceMs })
        if (v !== `CALL ${number}`) throw new Error(`the answer to "${s}" was "${v}"`)
      },
    })
  }

  async #start(program: string, args: readonly string[], onStart: (process: Process) => void): Promise<Process> {
    const options = {
      program,
      args: ['--folder', this.#folder, ...args],
      onReport: this.reports.add.bind(this.reports),
      onEnd: (process: Process) => {
        this.#processes.delete(process)
        const what = program === 'proxy' ? program : `instance ${args[1]}`
        if (!process.isExpectedToEnd && !this.#isClosing) this.#options.onLoss(`${what} ended${because(process)}`)
      },
    }
    return await Process.start(options, (process) => {
      this.#processes.add(process)
      onStart(process)
    })
  }
}

function because({ said }: Process): string {
  return said === '' ? '' : `: ${said}`
}

function writableFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'servicekit-demo-'))
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    throw new Error(
      `nothing can be written in ${tmpdir()} (${code ?? message}): set TMPDIR to a folder that this user can write to`,
    )
  }
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
