// A program in a process of its own, with the lines that it prints: for tests of whole fleets.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from '../../src/testing/eventually.ts'

/** What is set besides what is set here. */
export type Environment = Readonly<Record<string, string>>

/** One that runs. Disposing it ends it, whatever state it is in. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  #printed = ''

  private constructor(command: string, args: readonly string[], env: Environment) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    this.#exited = once(this.#child, 'exit')
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#printed += text
      })
  }

  /** Resolves when it has printed a line like that. Rejects, with what it has printed, when it ends or takes half a minute. */
  static async start(command: string, args: readonly string[], ready: RegExp, env: Environment = {}): Promise<Program> {
    const program = new Program(command, args, env)
    try {
      await eventually(() => {
        if (ready.test(program.#printed)) return true
        if (program.#child.exitCode === null) throw new Error('it has not said yet that it is ready')
        return true
      }, 30_000)
      if (ready.test(program.#printed)) return program
      throw new Error(`it ended with ${program.#child.exitCode}`)
    } catch (cause) {
      await program[Symbol.asyncDispose]()
      throw new Error(`${command} ${args.join(' ')} did not start: ${program.#printed}`, { cause })
    }
  }

  /** What it has printed, the errors too. */
  get lines(): readonly string[] {
    return this.#printed.split('\n').slice(0, -1)
  }

  /** The lines that fit. */
  linesLike(form: RegExp): readonly string[] {
    return this.lines.filter((line) => form.test(line))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it with a signal and gives its exit code; null when the signal itself ended it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal)
    await this.#exited
    return this.#child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}
