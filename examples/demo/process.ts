// A process of the demo, as the stage sees it: started, spoken to, ended.
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { Message, Order, Report } from './messages.ts'

// One that works on a busy machine is there long before.
const startLimitMs = 30_000
const endLimitMs = 2_000

/** Which program is started, and who hears of it. */
export interface ProcessOptions {
  /** `instance` or `proxy`. */
  readonly program: string
  readonly args: readonly string[]
  readonly onReport?: (report: Report) => void
  /** Told when it has ended, whoever wanted that. */
  readonly onEnd?: (process: Process) => void
}

/** A process that can be called. */
export class Process {
  readonly #child: ChildProcess
  readonly ended: Promise<void>
  #said = ''
  /** Where it can be called. */
  url = ''
  /** Whether its end is part of the story. */
  isExpectedToEnd = false

  private constructor({ program, args, onReport, onEnd }: ProcessOptions) {
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const
    this.#child = fork(join(import.meta.dirname, `${program}.ts`), args, { stdio: [...stdio], execArgv: [] })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-2_000)
    })
    this.#child.on('message', (message: Message) => {
      if (message.kind === 'report') onReport?.(message)
    })
    // A channel that breaks says so by the end of its process.
    this.#child.on('error', () => {})
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        onEnd?.(this)
        resolve()
      })
    })
  }

  /** Resolves when it can be called; rejects with what keeps it from that. Calls `onStart` as soon as there is something to end. */
  static async start(options: ProcessOptions, onStart: (process: Process) => void): Promise<Process> {
    const started = new Process(options)
    onStart(started)
    started.url = await started.#greeting(options.program)
    return started
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** The last lines that it has written to its standard error. */
  get said(): string {
    return this.#said.trim()
  }

  get isThere(): boolean {
    const { pid, exitCode, signalCode } = this.#child
    return pid !== undefined && exitCode === null && signalCode === null
  }

  tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order)
  }

  /** Sends a signal, as a part of the story. */
  kill(signal: NodeJS.Signals): void {
    this.isExpectedToEnd = true
    this.#child.kill(signal)
  }

  /** Ends it: by closing the channel, which parts follow at once, and after two seconds without being asked. */
  async end(): Promise<void> {
    this.isExpectedToEnd = true
    if (!this.isThere) return
    if (this.#child.connected) this.#child.disconnect()
    const late = setTimeout(() => this.#child.kill('SIGKILL'), endLimitMs)
    await this.ended
    clearTimeout(late)
  }

  /** For when there is no time to wait. */
  endNow(): void {
    if (this.isThere) this.#child.kill('SIGKILL')
  }

  #greeting(program: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (text: string) => reject(new Error(`the ${program} did not start: ${text}`))
      const late = setTimeout(() => fail(`it said nothing for ${startLimitMs / 1_000} s`), startLimitMs)
      const settle = (act: () => void) => {
        clearTimeout(late)
        act()
      }
      this.#child.once('error', (error) => settle(() => fail(error.message)))
      this.#child.once('exit', (code, signal) =>
        settle(() => fail(`it ended with ${signal ?? code}${this.said && `: ${this.said}`}`)),
      )
      this.#child.on('message', (message: Message) => {
        if (message.kind === 'ready') settle(() => resolve(message.url))
        if (message.kind === 'problem') settle(() => fail(message.message))
      })
    })
  }
}
