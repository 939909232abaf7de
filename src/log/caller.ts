// Where in the program something was logged, for those who want to pay for it: a stack is taken for each record.
import { checkNumber } from '../primitives/check.ts'
import { LogOutput } from './log-output.ts'

/** Which line is meant. */
export interface CallerOptions {
  /** How many frames of the program to pass over: 1 for a function of its own that wraps the logger. @default 0 */
  readonly skip?: number | undefined
}

/**
 * Makes a function to be bound as a value, as in `logger.with({ caller: caller() })`: it gives file and line of whoever called the logger,
 * `orders.ts:93`, and undefined where the runtime does not tell. Costs some microseconds a record. Throws a RangeError for
 * a `skip` that is no integer from 0 to 50.
 */
export function caller(options?: CallerOptions): () => string | undefined {
  const skip = checkNumber('skip', options?.skip ?? 0, { min: 0, max: 50, integer: true })
  return () => callerOf(skip)
}

/** A line of a stack. */
interface Frame {
  /** A URL or a path. */
  readonly file: string
  readonly line: string
}

// That of the logger which the program called.
const ofLogger = 1
// Enough for what of this package may stand between a program and the logger: the layers of a call.
const mostOwn = 30

function callerOf(skip: number): string | undefined {
  // Each frame costs a microsecond, and nearly always the first one is that of the program.
  const { file, line } = frameAt(skip, 1) ?? frameAt(skip, mostOwn) ?? {}
  return file === undefined ? undefined : `${file.replace(/[?#].*$/, '').replace(/^.*[/\\]/, '')}:${line}`
}

function frameAt(skip: number, most: number): Frame | undefined {
  const lines = stackBelow(LogOutput.prototype.log, ofLogger + skip + most)
  return lines.slice(ofLogger).map(frameOf).filter(isOfProgram)[skip]
}

/** What of V8's interface is used; Bun has it too. */
interface StackTaker {
  stackTraceLimit?: number | undefined
  captureStackTrace?(holder: { stack?: unknown }, below?: unknown): void
}

/** The lines of a stack below a function; none where there is no way to tell. To know it by its name would not do: bundlers change names. */
function stackBelow(below: unknown, most: number): readonly string[] {
  const taker = Error as StackTaker
  if (typeof taker.captureStackTrace !== 'function') return []
  const holder: { stack?: unknown } = {}
  const limit = limitStack(taker, most)
  try {
    taker.captureStackTrace(holder, below)
    // Before the limit is put back: some runtimes look at it only now.
    const { stack } = holder
    return typeof stack === 'string' ? stack.split('\n').filter((line) => frameForm.test(line)) : []
  } catch {
    return []
  } finally {
    limitStack(taker, limit)
  }
}

/** Sets how many frames a stack may have, and gives what it was. Programs set it to 0 to make their errors cheap. */
function limitStack(taker: StackTaker, most: number | undefined): number | undefined {
  const before = taker.stackTraceLimit
  try {
    if (most === undefined) delete taker.stackTraceLimit
    else taker.stackTraceLimit = most
  } catch {
    // Frozen: it stays as it is.
  }
  return before
}

// V8 and those who follow it: `    at place (file:///app/orders.ts:93:7)`, `    at /app/orders.ts:93:7`.
const frameForm = /^\s*at /
const placeForm = /^\s*at (?:.*? \(|async )?(.+?):(\d+)(?::\d+)?\)?$/

function frameOf(line: string): Frame | undefined {
  const [, file, number] = placeForm.exec(line) ?? []
  return file === undefined || number === undefined ? undefined : { file, line: number }
}

const ofRuntime = /^(?:node:|ext:|bun:|deno:|native|eval at |<)/

function isOfProgram(frame: Frame | undefined): frame is Frame {
  if (frame === undefined || ofRuntime.test(frame.file)) return false
  const folder = ownFolder()
  return folder === undefined || !frame.file.startsWith(folder)
}

let own: { readonly folder: string | undefined } | undefined

/** Where the files of this package lie, in the words of stacks; undefined where a bundler has put them together with those of the program. */
function ownFolder(): string | undefined {
  own ??= { folder: frameOf(stackBelow(undefined, 1)[0] ?? '')?.file.match(/^(.*[/\\])log[/\\]caller\.[jt]s$/)?.[1] }
  return own.folder
}
