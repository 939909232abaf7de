// Where sinks that print lines put them: an interface of the role, so that a format and a destination need not know each other.

/** Takes the lines of a sink; `process.stdout` fits. */
export interface LineWriter {
  /** Takes one line, its newline included. Neither throws nor blocks. */
  write(text: string): unknown
  /** How many lines were dropped so far; undefined where nobody counts. */
  readonly dropped?: number | undefined
  /** Whether it is a terminal, which can show colours. @default false */
  readonly isTTY?: boolean | undefined
  /** Resolves when all that was written before has left, or was dropped. Never rejects. */
  flush?: (() => Promise<void>) | undefined
  /** Flushes, and closes what it opened itself. */
  [Symbol.asyncDispose]?: (() => PromiseLike<void>) | undefined
}

/** Gives a writer back. Throws a TypeError for anything else. */
export function checkWriter(to: LineWriter): LineWriter {
  if (typeof to?.write === 'function') return to
  throw new TypeError(
    'a sink of text needs what takes its lines, with a method write(text): stdout() or process.stdout, say',
  )
}
