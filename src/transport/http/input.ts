// Joins the parameters of a path and a query to the input of a method, as the types that its schema wants.
import { ServiceError } from '../../core/errors.ts'
import type { Schema } from '../../core/schema.ts'

/** Names and values as they were sent, decoded. */
export type Parameters = readonly (readonly [name: string, value: string])[]

/** Makes a parameter what the schema wants; text stays as it is when it does not fit, so that validation can say so. */
type Coerce = (values: readonly string[]) => unknown

/** What a JSON Schema may say that matters here. */
interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema | boolean
  readonly prefixItems?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
}

/** What JSON has as a number (RFC 8259, 6). */
const numberForm = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Makes the input of a method out of what came with a request. */
export class InputJoiner {
  readonly #coerce: ReadonlyMap<string, Coerce>
  /** For members that the schema does not name. */
  readonly #coerceOther: Coerce
  /** What a request stands for that says nothing. */
  readonly #empty: () => unknown
  /** What the schema says that the input is; undefined when it does not say. */
  readonly #type: string | undefined
  readonly #takesOthers: boolean

  /** The schema is asked once what its members are (Standard JSON Schema); parameters stay text where it does not say. */
  constructor(input: Schema | undefined) {
    const asked = input === undefined ? {} : jsonSchemaOf(input)
    const types = new Map<string, string[]>()
    for (const [name, schema] of propertiesOf(asked, asked, 0)) {
      types.set(name, [...(types.get(name) ?? []), ...typesOf(schema, asked, 0)])
    }
    const others = asked.additionalProperties
    this.#coerce = new Map(Array.from(types, ([name, found]) => [name, coercion(found)]))
    this.#coerceOther = typeof others === 'object' ? coercion(typesOf(others, asked, 0)) : asText
    this.#type = typeof asked.type === 'string' ? asked.type : undefined
    // Without members that it names the schema says nothing of them.
    this.#takesOthers = types.size === 0 || (others !== undefined && others !== false)
    this.#empty = input !== undefined && fits(input, undefined) && !fits(input, {}) ? () => undefined : () => ({})
  }

  /** What is wrong with a route for this input, where its schema says so; undefined for nothing. */
  faultOf(parameters: readonly string[], hasBody: boolean): string | undefined {
    if ((parameters.length > 0 || !hasBody) && this.#type !== undefined && this.#type !== 'object')
      return `has parameters or no body, so its input must be an object, but it is of type ${this.#type}`
    const unknown = parameters.find((name) => !this.#takesOthers && !this.#coerce.has(name))
    return unknown === undefined ? undefined : `has the parameter :${unknown}, of which its input knows nothing`
  }

  /**
   * Joins query and path to the body: the path wins over the body, the body over the query. Throws `invalid_argument` when
   * a parameter would poison a prototype, or when there is no object that those of the path could join.
   */
  join(body: unknown, path: Parameters, query: Parameters): unknown {
    if (path.length === 0 && query.length === 0) return body
    if (body !== undefined && !isObject(body)) {
      if (path.length === 0) return body
      throw new ServiceError('invalid_argument', 'the body must be an object: parameters of the path join it')
    }
    const input: Record<string, unknown> = {}
    const grouped = new Map<string, string[]>()
    for (const [name, value] of query) {
      const values = grouped.get(name)
      if (values === undefined) grouped.set(name, [value])
      else values.push(value)
    }
    for (const [name, values] of grouped) define(input, name, this.#coerced(name, values))
    for (const [name, value] of Object.entries(body ?? {})) define(input, name, value)
    for (const [name, value] of path) define(input, name, this.#coerced(name, [value]))
    return input
  }

  /** The input of a request that has no body. */
  bodiless(path: Parameters, query: Parameters): unknown {
    return this.join(this.#empty(), path, query)
  }

  #coerced(name: string, values: readonly string[]): unknown {
    return (this.#coerce.get(name) ?? this.#coerceOther)(values)
  }
}

function asText(values: readonly string[]): unknown {
  return values.length === 1 ? values[0] : values
}

/** By define and never by assign: whose name it is, a stranger decides. */
function define(input: object, name: string, value: unknown): void {
  if (name === '__proto__') throw new ServiceError('invalid_argument', `the key ${name} is not allowed here`)
  Object.defineProperty(input, name, { value, enumerable: true, writable: true, configurable: true })
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// What JSON cannot say, a date for one, must not hide what it can; each library has its own word for that.
const lenient = { unrepresentable: 'any', errorMode: 'ignore' } as const

/** Empty when the schema does not say. */
function jsonSchemaOf(schema: Schema): JsonSchema {
  const { jsonSchema } = schema['~standard'] as {
    readonly jsonSchema?: { input(options: { readonly target: string; readonly libraryOptions: object }): JsonSchema }
  }
  try {
    return jsonSchema?.input({ target: 'draft-2020-12', libraryOptions: lenient }) ?? {}
  } catch {
    return {}
  }
}

/** Whether a schema takes a value; one that takes its time counts as if it did not. */
function fits(schema: Schema, value: unknown): boolean {
  try {
    const result = schema['~standard'].validate(value)
    return !('then' in result) && result.issues === undefined
  } catch {
    return false
  }
}

// Schemas may refer to themselves.
const deepest = 8

function propertiesOf(schema: JsonSchema, root: JsonSchema, depth: number): [string, JsonSchema][] {
  if (depth > deepest) return []
  const { properties = {}, allOf = [], anyOf = [], oneOf = [] } = resolved(schema, root)
  const within = [...allOf, ...anyOf, ...oneOf].flatMap((part) => propertiesOf(part, root, depth + 1))
  return [...within, ...Object.entries(properties)]
}

/** The types that a value may have; of an array those of its items, each with `[]` behind it. */
function typesOf(schema: JsonSchema, root: JsonSchema, depth: number): string[] {
  if (depth > deepest) return []
  const {
    type = [],
    items,
    prefixItems = [],
    enum: listed,
    const: only,
    anyOf = [],
    oneOf = [],
    allOf = [],
  } = resolved(schema, root)
  const own = [type].flat()
  const values = listed ?? (only === undefined ? [] : [only])
  const implied = own.length > 0 ? [] : values.map((value) => typeof value)
  const itemSchemas = typeof items === 'object' ? [...prefixItems, items] : prefixItems
  const itemTypes = itemSchemas.flatMap((item) => typesOf(item, root, depth + 1)).map((name) => `${name}[]`)
  const parts = [...anyOf, ...oneOf, ...allOf].flatMap((part) => typesOf(part, root, depth + 1))
  return [...own, ...implied, ...itemTypes, ...parts]
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '')?.[1]
  if (schema.$ref === '#') return root
  return name === undefined ? schema : (root.$defs?.[name] ?? {})
}

function coercion(types: readonly string[]): Coerce {
  const one = single(types)
  if (!types.includes('array')) return (values) => (values.length === 1 ? one(values[0] ?? '') : values)
  const item = single(types.filter((type) => type.endsWith('[]')).map((type) => type.slice(0, -2)))
  return (values) => values.map(item)
}

function single(types: readonly string[]): (text: string) => unknown {
  if (types.includes('string')) return (text) => text
  const isNumeric = types.includes('number') || types.includes('integer')
  const isBoolean = types.includes('boolean')
  return (text) => {
    if (isNumeric && numberForm.test(text)) return Number(text)
    if (isBoolean && (text === 'true' || text === 'false')) return text === 'true'
    return text
  }
}
