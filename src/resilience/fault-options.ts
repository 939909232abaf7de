// FaultOptions: which faults there are, and what is told of them; apart from fault, which injects them.
import type { Clock } from '../core/clock.ts'
import { type Code, codes, isCode, type Retry } from '../core/codes.ts'
import type { Context } from '../core/context.ts'
import { checkNumber } from '../primitives/check.ts'
import type { Random } from '../primitives/random.ts'

/** Some calls begin late. */
export interface DelayFault {
  /** Which share of calls, from 0 to 1. */
  readonly ratio: number
  /** How late, in milliseconds. */
  readonly ms: number
}

/** Some calls fail in place of being made. */
export interface ErrorFault {
  /** Which share of calls, from 0 to 1. */
  readonly ratio: number
  readonly code: Code
  /** @default 'a fault was injected' */
  readonly message?: string | undefined
  /** What it says of a retry. @default what the code means */
  readonly retry?: Retry | undefined
}

/** Some calls are neither made nor answered. */
export interface DropFault {
  /** Which share of calls, from 0 to 1. */
  readonly ratio: number
}

/** Which faults there are; each share is drawn by itself. */
export interface FaultOptions {
  /** @default none */
  readonly delay?: DelayFault | undefined
  /** @default none */
  readonly error?: ErrorFault | undefined
  /** @default none */
  readonly drop?: DropFault | undefined
  /** Which calls are in for it. @default all */
  readonly match?: ((ctx: Context) => boolean) | undefined
  /** Whether it begins armed. @default false */
  readonly armed?: boolean | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
  /** By which it is armed for a limited time. @default systemClock */
  readonly clock?: Clock | undefined
  /** Told of each fault that a call gets. @default nothing */
  readonly onFault?: ((event: FaultEvent) => void) | undefined
}

/** A call has got a fault. */
export interface FaultEvent {
  readonly ctx: Context
  readonly fault: 'delay' | 'error' | 'drop'
}

/** How a fault is set, and what it has done since it was made. */
export interface FaultSnapshot {
  readonly armed: boolean
  /** For how many more milliseconds it is armed; undefined when there is no limit, and while it is not. */
  readonly armedForMs: number | undefined
  readonly delay: DelayFault | undefined
  readonly error: ErrorFault | undefined
  readonly drop: DropFault | undefined
  /** How many calls have got each. */
  readonly injected: Readonly<Record<FaultEvent['fault'], number>>
}

const retries: readonly Retry[] = ['never', 'safe', 'if_idempotent']

/** The faults of some options. Throws a RangeError or TypeError that names the option for a value that makes no sense. */
export function checkedFaults({ delay, error, drop }: FaultOptions): Pick<FaultOptions, 'delay' | 'error' | 'drop'> {
  return {
    delay: delay && {
      ratio: checkRatio('delay', delay.ratio),
      ms: checkNumber('delay.ms', delay.ms, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    },
    error: error && checkError(error),
    drop: drop && { ratio: checkRatio('drop', drop.ratio) },
  }
}

function checkRatio(name: string, ratio: number): number {
  return checkNumber(`${name}.ratio`, ratio, { min: 0, max: 1 })
}

function checkError({ ratio, code, message, retry }: ErrorFault): ErrorFault {
  if (!isCode(code))
    throw new TypeError(`error.code must be one of ${Object.keys(codes).join(', ')}, but is ${String(code)}`)
  if (retry !== undefined && !retries.includes(retry))
    throw new TypeError(`error.retry must be one of ${retries.join(', ')}, but is ${String(retry)}`)
  return { ratio: checkRatio('error', ratio), code, message, retry }
}
