// CallKey: what makes two calls the same, for those who give one answer to several.
import type { Context } from '../core/context.ts'
import type { MethodInfo } from '../core/method.ts'

/** What tells calls apart: those of the same key get the same answer. `1` and `'1'` are two keys. */
export type CallKey = string | number

/** Finds the key of a call; undefined for one that goes alone. What it throws fails the call. */
export type KeyOf<Req> = (request: Req, ctx: Context) => CallKey | undefined

/**
 * Has a key function refuse what it would be wrong to share: a stream, which can be read once, and a second method, whose keys
 * would meet those of the first. Throws a TypeError for what is no function, and so does what it returns for a key that is none.
 */
export function checkedKey<Req>(policy: string, key: KeyOf<Req>): KeyOf<Req> {
  if (typeof key !== 'function') throw new TypeError(`${policy}: key must be a function, but is ${typeof key}`)
  let known: MethodInfo | undefined
  return (request, ctx) => {
    if (ctx.method !== known) known = checkMethod(policy, ctx.method, known)
    const found: unknown = key(request, ctx)
    if (typeof found === 'string' || typeof found === 'number' || found === undefined) return found
    const what = found === null ? 'null' : `of type ${typeof found}`
    throw new TypeError(`${policy}: key must give a string, a number or undefined, but what it gave is ${what}`)
  }
}

/** A key that must be there, and be a text: what is none would be one key for all. Throws a TypeError. */
export function checkText(policy: string, key: unknown): string {
  if (typeof key === 'string') return key
  const what = key === null ? 'null' : `of type ${typeof key}`
  throw new TypeError(`${policy}: key must give a string, but what it gave is ${what}`)
}

function checkMethod(policy: string, method: MethodInfo, known: MethodInfo | undefined): MethodInfo {
  const { fullName, kind } = method
  if (kind !== 'unary') throw new TypeError(`${policy}: ${fullName} is of kind ${kind}, but only unary calls can share`)
  if (known === undefined || known.fullName === fullName) return method
  throw new TypeError(`${policy}: ${fullName} and ${known.fullName} must each have one of its own, or their keys meet`)
}
