// The contract that conformance suites serve and call: the four kinds, with schemas and without.
import {
  bidiStream,
  type Contract,
  clientStream,
  contract,
  type Handlers,
  type Method,
  serverStream,
  unary,
} from '../../core/contract.ts'
import type { Schema } from '../../core/schema.ts'

/** A schema by hand, so that the published suites need no validation library. */
const textSchema: Schema<Text> = {
  '~standard': {
    version: 1,
    vendor: 'servicekit-conformance',
    validate: (value) => {
      const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : undefined
      if (typeof text === 'string') return { value: { text } }
      return { issues: [{ message: 'must be a string', path: ['text'] }] }
    },
  },
}

type Text = { text: string }
type Tick = { n: number; padding?: string }

/** The type of the contract that conformance suites use. */
export type Conformance = Contract<{
  readonly echo: Method<'unary', unknown, unknown, unknown, unknown>
  readonly shout: Method<'unary', Text, Text, Text, Text>
  readonly count: Method<'serverStream', { to: number }, { to: number }, Tick, Tick>
  readonly add: Method<'clientStream', number, number, number, number>
  readonly collect: Method<'clientStream', Text, Text, Text, Text>
  readonly converse: Method<'bidiStream', string, string, string, string>
}>

/** The contract that conformance suites use. */
export const conformance: Conformance = contract('conformance', {
  /** Any JSON value; nothing is validated. */
  echo: unary.of<unknown, unknown>({ idempotent: true }),
  /** Validated at both ends. */
  shout: unary({ input: textSchema, output: textSchema }),
  /** A stream of responses. */
  count: serverStream.of<{ to: number }, Tick>(),
  /** A stream of requests. */
  add: clientStream.of<number, number>(),
  /** A stream of validated requests. */
  collect: clientStream({ input: textSchema, output: textSchema }),
  /** A stream each way. */
  converse: bidiStream.of<string, string>(),
})

/** Handlers that do what the names say. */
export const quietHandlers: Handlers<Conformance> = {
  echo: (message) => message,
  shout: ({ text }) => ({ text: text.toUpperCase() }),
  async *count({ to }) {
    for (let n = 1; n <= to; n++) yield { n }
  },
  async add(numbers) {
    let sum = 0
    for await (const number of numbers) sum += number
    return sum
  },
  async collect(texts) {
    const all: string[] = []
    for await (const { text } of texts) all.push(text)
    return { text: all.join(' ') }
  },
  async *converse(words) {
    for await (const word of words) yield word.toUpperCase()
  },
}
