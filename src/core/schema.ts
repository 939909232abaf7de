// Checks values with any validation library that speaks Standard Schema (https://standardschema.dev), version 1.
import { ServiceError } from './errors.ts'

/** What zod, valibot, arktype and others offer. `In` is what a sender writes, `Out` what a receiver gets. */
export interface Schema<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>
    readonly types?: { readonly input: In; readonly output: Out } | undefined
  }
}

/** What a schema makes of a value. */
export type SchemaResult<Out> =
  | { readonly value: Out; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong, in the words of the schema. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Matches every type argument, whatever its variance, as `unknown` cannot. */
// biome-ignore lint/suspicious/noExplicitAny: that is what it is for.
export type Loose = any

/** What a sender writes. */
export type Input<S> = S extends Schema<infer In, Loose> ? In : never
/** What a receiver gets. */
export type Output<S> = S extends Schema<Loose, infer Out> ? Out : never

/** One thing that is wrong, as the caller gets it in `details`. */
export interface Misfit {
  /** Where, as in `items.0.name`; empty for the message as a whole. */
  readonly path: string
  readonly message: string
}

// A stranger decides how many things are wrong with a message, so the answer is bounded.
const mostMisfits = 32
const longestText = 256

/**
 * Gives what the schema makes of the value; a promise only where the schema itself is asynchronous.
 *
 * Throws `invalid_argument` for a request and `internal` for a reply (the fault is not the caller's), with a list of
 * `{ path, message }` as details.
 */
export function validate<Out>(
  schema: Schema<Loose, Out>,
  value: unknown,
  what: 'request' | 'reply',
): Out | Promise<Out> {
  const result = schema['~standard'].validate(value)
  // Not `instanceof Promise`: a promise of another realm would then pass for a result without issues.
  if ('then' in result) return Promise.resolve(result).then((late) => accept(late, what))
  return accept(result, what)
}

function accept<Out>(result: SchemaResult<Out>, what: 'request' | 'reply'): Out {
  if (result.issues === undefined) return result.value
  const details = result.issues.slice(0, mostMisfits).map(misfit)
  const more = result.issues.length - 1
  const first = details[0]
  const where = first?.path ? `${first.path}: ` : ''
  const text = `the ${what} does not fit: ${where}${first?.message ?? 'no reason given'}${more > 0 ? ` (and ${more} more)` : ''}`
  throw new ServiceError(what === 'request' ? 'invalid_argument' : 'internal', text, { details })
}

function misfit({ path, message }: SchemaIssue): Misfit {
  const keys = (path ?? []).map((step) => String(typeof step === 'object' ? step.key : step))
  return { path: keys.join('.').slice(0, longestText), message: String(message).slice(0, longestText) }
}
