// Conformance of a transport: errors cross it whole, and nothing else does.
import assert from 'node:assert/strict'
import { type Code, codes } from '../../core/codes.ts'
import { ServiceError } from '../../core/errors.ts'
import { type Case, failure, setUp } from './harness.ts'

const codeCases = (Object.keys(codes) as Code[]).map(
  (code): Case => ({
    name: `carries ${code} with message, details and what is known of a retry`,
    async run(harness) {
      await using setup = await setUp(harness, {
        echo: () => {
          const options = { details: { order: 7, why: ['a', 'b'] }, retryAfterMs: 1_500, cause: new Error('secret') }
          throw new ServiceError(code, 'as the handler said', { ...options, retry: 'if_idempotent' })
        },
      })
      const error = await failure(setup.client.echo(1), code)
      assert.equal(error.message, 'as the handler said')
      assert.deepEqual(error.details, { order: 7, why: ['a', 'b'] })
      assert.equal(error.retry, 'if_idempotent')
      assert.equal(error.retryAfterMs, 1_500)
      assert.equal(error.cause, undefined)
      assert.equal(error.remote, 'conformance/echo')
    },
  }),
)

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error('secret')
    },
  },
)
const rubbish: readonly unknown[] = [
  undefined,
  null,
  0,
  'secret',
  Symbol('secret'),
  () => 'secret',
  [],
  { message: 'secret' },
]

/** Errors of every code, and what is not an error. */
export const errorCases: readonly Case[] = [
  ...codeCases,
  {
    name: 'turns whatever else a handler throws into internal and keeps its message at home',
    async run(harness) {
      const seen: unknown[] = []
      let next: unknown
      const handlers = {
        echo: (): unknown => {
          throw next
        },
        count: (): never => {
          throw next
        },
      }
      await using setup = await setUp(harness, handlers, { onError: ({ thrown }) => seen.push(thrown) })
      const thrown = [...rubbish, new Error('secret'), new TypeError('secret'), hostile]
      for (next of thrown) {
        const error = await failure(setup.client.echo(1), 'internal')
        assert.doesNotMatch(JSON.stringify(error), /secret/)
        assert.equal(error.cause, undefined)
      }
      assert.equal(seen.length, thrown.length)
      assert.ok(seen.every((each, i) => each === thrown[i]))
      next = new Error('secret')
      const late = setup.client.count({ to: 1 }).then((stream) => stream[Symbol.asyncIterator]().next())
      assert.doesNotMatch(JSON.stringify(await failure(late, 'internal')), /secret/)
    },
  },
  {
    name: 'leaves out details that no wire can carry, and not the error',
    async run(harness) {
      await using setup = await setUp(harness, {
        echo: () => {
          throw new ServiceError('aborted', 'too odd', { details: { toJSON: () => JSON.parse('{') } })
        },
      })
      assert.equal((await failure(setup.client.echo(1), 'aborted')).message, 'too odd')
    },
  },
  {
    name: 'answers the next call after a handler failed',
    async run(harness) {
      await using setup = await setUp(harness, {
        echo: async (message) => {
          if (message === 'bad') throw new Error('secret')
          return message
        },
      })
      const calls = await Promise.allSettled(['a', 'bad', 'b', 'bad', 'c'].map((each) => setup.client.echo(each)))
      assert.deepEqual(
        calls.map((call) => (call.status === 'fulfilled' ? call.value : (call.reason as ServiceError).code)),
        ['a', 'internal', 'b', 'internal', 'c'],
      )
    },
  },
]
