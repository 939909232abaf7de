// What is known of a method that no contract describes: the same on every wire.
import { checkNumber } from '../primitives/check.ts'
import { type Kind, type MethodInfo, noMethod } from './method.ts'

/** What a method without a contract says of itself. */
export interface SingleMethodOptions {
  /** `service/name`. */
  readonly method: string
  /** @default unary */
  readonly kind?: Kind | undefined
  /** Whether a second call does no harm. @default false */
  readonly idempotent?: boolean | undefined
  /** How long a call may take unless its caller says otherwise, in milliseconds. @default 5_000 for unary, none for streams */
  readonly timeoutMs?: number | undefined
}

const kinds: readonly Kind[] = ['unary', 'serverStream', 'clientStream', 'bidiStream']

/** What is known of a method without a contract. Throws a TypeError when `method` is not `service/name`. */
export function singleMethod({
  method,
  kind = 'unary',
  idempotent = false,
  timeoutMs,
}: SingleMethodOptions): MethodInfo {
  const { service, name } = nameOf('method', method)
  if (!kinds.includes(kind)) throw new TypeError(`kind must be one of ${kinds.join(', ')}, but is ${String(kind)}`)
  if (timeoutMs !== undefined) checkNumber('timeoutMs', timeoutMs, { min: 1 })
  return Object.freeze({ ...noMethod, service, name, fullName: method, kind, idempotent, timeoutMs })
}

/** Splits `service/name`. Throws a TypeError, which names the option, for what is none. */
export function nameOf(option: string, fullName: string): { readonly service: string; readonly name: string } {
  const [service, name, ...more] = fullName.split('/')
  if (service && name && more.length === 0) return { service, name }
  throw new TypeError(`${option} must be service/name, but is ${JSON.stringify(fullName)}`)
}
