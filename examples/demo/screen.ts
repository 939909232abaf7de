// Screen: what the audience sees. On a terminal the last lines are redrawn in place; elsewhere each line is written once.
import { inLines, wrapped } from './layout.ts'

/** Where it is shown: a stream of the process, or what stands for one. */
export interface Output {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** What is said of the environment. */
export interface ScreenOptions {
  readonly output: Output
  /** Of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

// What a pipe leads to has lines as long as it likes.
const whereverColumns = 160
// Where nothing can be redrawn, a line each second tells enough.
const plainEveryMs = 1_000

/** Shows lines that stay, and below them some that change. */
export class Screen {
  readonly #output: Output
  readonly #isColored: boolean
  #drawn = 0
  #shownAt = -Infinity
  #status: readonly string[] = []
  /** Whether lines can be redrawn. */
  readonly isLive: boolean

  constructor({ output, environment }: ScreenOptions) {
    this.#output = output
    this.isLive = output.isTTY === true && environment['TERM'] !== 'dumb'
    this.#isColored = this.isLive && (environment['NO_COLOR'] ?? '') === ''
  }

  /** One less than there are: in the last one some terminals break the line. */
  get columns(): number {
    return this.isLive ? Math.max(20, (this.#output.columns ?? 80) - 1) : whereverColumns
  }

  /** Writes lines that stay. What stands before a text is dimmed, and room is left below it in further lines. */
  say(text: string, before = ''): void {
    this.write(wrapped(before + text, this.columns, before.length), before.length)
  }

  /** Writes lines as they are. */
  write(lines: readonly string[], dimmed = 0): void {
    const shown = lines.map((line, at) => (at === 0 ? this.#dim(line.slice(0, dimmed)) + line.slice(dimmed) : line))
    this.#draw(shown, this.isLive ? this.#status : [])
  }

  /** Shows parts of a line that changes all the time. */
  status(parts: readonly string[], now: number = performance.now()): void {
    if (this.isLive) {
      this.#status = inLines(parts, this.columns)
      this.#draw([], this.#status)
    } else if (now - this.#shownAt >= plainEveryMs) {
      this.#shownAt = now
      this.#draw([parts.join('  ')], [])
    }
  }

  /** Takes away what changes, and leaves what stays. */
  clear(): void {
    this.#status = []
    if (this.#drawn > 0) this.#draw([], [])
  }

  /** Each line is written over the one before and then cleared to its end, so that nothing flickers. */
  #draw(lines: readonly string[], status: readonly string[]): void {
    if (!this.isLive) {
      this.#output.write(lines.map((line) => `${line}\n`).join(''))
      return
    }
    const up = this.#drawn > 1 ? `\u001b[${this.#drawn - 1}A` : ''
    const stays = lines.map((line) => `${line}\u001b[K\n`).join('')
    const changes = status.map((line) => `${this.#dim(line)}\u001b[K`).join('\n')
    this.#output.write(`\r${up}${stays}${changes}\u001b[J`)
    this.#drawn = status.length
  }

  #dim(text: string): string {
    return this.#isColored && text !== '' ? `\u001b[2m${text}\u001b[22m` : text
  }
}
