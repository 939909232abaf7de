// Instances of a service in processes of their own, which a test starts, ends and kills; none outlives it.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from 'servicekit/testing/eventually'
import type { Message } from './fleet-instance.ts'

/** One process. */
export interface FleetInstance {
  readonly name: string
  /** As `host:port`. */
  readonly address: string
  readonly port: number
  readonly isThere: boolean
  /** SIGTERM: resolves when it has ended, with the numbers of the calls that it has run. Rejects when it did not end well. */
  end(): Promise<readonly number[]>
  /** SIGKILL: resolves when it is gone. */
  kill(): Promise<void>
}

/** Where they announce themselves. */
export interface FleetRegistry {
  readonly folder?: string | undefined
  readonly consul?: string | undefined
  readonly eureka?: string | undefined
  readonly etcd?: string | undefined
  /** The options of its registrar, as JSON. They are there as if they were elsewhere: see `onLoopback`. */
  readonly kubernetes?: string | undefined
}

const limitMs = 30_000
const program = join(import.meta.dirname, 'fleet-instance.ts')

/** All that were started. Disposing it kills those that are there. */
export class Fleet implements AsyncDisposable {
  readonly #registry: FleetRegistry
  readonly #children = new Set<ChildProcess>()
  readonly #atExit = () => this.#killAll()

  constructor(registry: FleetRegistry) {
    this.#registry = registry
    process.once('exit', this.#atExit)
  }

  /** Resolves when it listens; on a port that was used a moment ago it tries for a while. */
  start(name: string, port = 0): Promise<FleetInstance> {
    return port === 0 ? this.#start(name, port) : eventually(() => this.#start(name, port), limitMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#atExit)
    const ends = Array.from(this.#children, (child) => once(child, 'exit'))
    this.#killAll()
    await Promise.all(ends)
  }

  #killAll(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  async #start(name: string, port: number): Promise<FleetInstance> {
    const given = Object.entries({ ...this.#registry, name, port })
    const args = given.flatMap(([option, value]) => (value === undefined ? [] : [`--${option}=${value}`]))
    const child = fork(program, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // With it a child would report to the runner of the tests.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      execArgv: [],
    })
    this.#children.add(child)
    let ran: readonly number[] | undefined
    const listening = Promise.withResolvers<string>()
    child.on('message', (message: Message) => {
      if (message.kind === 'listening') listening.resolve(message.url)
      else ran = message.ids
    })
    // It says so by its end.
    child.on('error', listening.reject)
    const ended = Promise.withResolvers<void>()
    // Not `exit`: what was said before may still be on its way.
    child.once('close', (code, signal) => {
      this.#children.delete(child)
      listening.reject(new Error(`${name} ended with ${signal ?? code}`))
      ended.resolve()
    })
    const { host, port: bound } = new URL(await listening.promise)
    return {
      name,
      address: host,
      port: Number(bound),
      get isThere() {
        return child.exitCode === null && child.signalCode === null
      },
      end: async () => {
        child.kill('SIGTERM')
        await ended.promise
        if (child.exitCode === 0 && ran !== undefined) return ran
        throw new Error(`${name} was to end, but ended with ${child.signalCode ?? child.exitCode}`)
      },
      kill: async () => {
        child.kill('SIGKILL')
        await ended.promise
      },
    }
  }
}
