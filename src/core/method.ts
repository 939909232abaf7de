// What is known of a method at run time: the part of a contract that goes along with every call.

import type { IdleLimits } from './idle.ts'

/** How many messages go each way. */
export type Kind = 'unary' | 'serverStream' | 'clientStream' | 'bidiStream'

/** One method of one service; a single frozen object per method, so it can key a WeakMap. */
export interface MethodInfo {
  /** Name of the service, as in its contract; empty outside a call. */
  readonly service: string
  /** Name of the method within its service. */
  readonly name: string
  /** `service/name`: unique in a fleet. */
  readonly fullName: string
  readonly kind: Kind
  /** Whether a second call does no harm, so that a call that may have run can be repeated. */
  readonly idempotent: boolean
  /** How long a call may take unless its caller says otherwise, in milliseconds. */
  readonly timeoutMs: number | undefined
  /** How long a stream of this method may be silent, at both ends; undefined leaves it to them. */
  readonly streamLimits: IdleLimits | undefined
  /** Finds a business failure in a good response; undefined when the method has no such thing. */
  readonly failed: ((response: unknown) => unknown) | undefined
}

/** A unary call always has a deadline: this is the latest there is, 24 days. */
export const longestUnaryMs: number = 2 ** 31 - 1

/** Stands in where no method is being called. */
export const noMethod: MethodInfo = Object.freeze({
  service: '',
  name: '',
  fullName: '',
  kind: 'unary',
  idempotent: false,
  timeoutMs: undefined,
  streamLimits: undefined,
  failed: undefined,
})

/** Whether a caller sends a stream of requests. */
export function sendsStream({ kind }: MethodInfo): boolean {
  return kind === 'clientStream' || kind === 'bidiStream'
}

/** Whether a caller gets a stream of responses. */
export function returnsStream({ kind }: MethodInfo): boolean {
  return kind === 'serverStream' || kind === 'bidiStream'
}
