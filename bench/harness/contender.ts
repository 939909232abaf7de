// A program that runs in a process of its own, seen from the harness: kept on its core, and asked one thing at a time.
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { start, stop } from './children.ts'
import type { Core } from './cores.ts'
import type { Program } from './program.ts'

/** By then everything has been answered that ever will be. */
const answerTimeoutMs = 30_000

export class Contender {
  /** What it said when it was ready. */
  readonly hello: Readonly<Record<string, unknown>>
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, hello: Record<string, unknown>) {
    this.#child = child
    this.#lines = lines
    this.hello = hello
  }

  /** Starts a program, and waits until it is ready. */
  static async start({ command }: Program, core: Core): Promise<Contender> {
    const child = start(command, core, { ...process.env, NODE_ENV: 'production' })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return new Contender(child, lines, await answerOf(lines, command))
  }

  /** Throws when it ended meanwhile, or hangs. */
  async ask(ask: string, argument = ''): Promise<Record<string, number>> {
    this.#child.stdin?.write(`${JSON.stringify({ ask, argument })}\n`)
    return answerOf(this.#lines, this.#child.spawnargs)
  }

  stop(): Promise<void> {
    return stop(this.#child)
  }
}

async function answerOf<T>(lines: AsyncIterator<string>, command: readonly string[]): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`"${command.join(' ')}" hangs`)), answerTimeoutMs)
  try {
    const { done, value } = await Promise.race([lines.next(), late])
    if (done) throw new Error(`"${command.join(' ')}" ended too early`)
    return JSON.parse(value)
  } finally {
    clearTimeout(timer)
  }
}
