// Tests of schema.ts: any Standard Schema validates, what is wrong is told in bounded words, and nobody passes by accident.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { ServiceError } from './errors.ts'
import { type Misfit, type Schema, type SchemaIssue, type SchemaResult, validate } from './schema.ts'

/** A schema by hand: whatever `check` says. */
function schema<Out>(check: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>): Schema<unknown, Out> {
  return { '~standard': { version: 1, vendor: 'test', validate: check } }
}

/** A schema that finds these things wrong. */
const finds = (...issues: SchemaIssue[]) => schema(() => ({ issues }))

async function failure(run: () => unknown): Promise<ServiceError> {
  try {
    await run()
  } catch (thrown) {
    assert.ok(thrown instanceof ServiceError, String(thrown))
    return thrown
  }
  throw new assert.AssertionError({ message: 'it should be refused' })
}

async function misfits(of: Schema, value: unknown): Promise<readonly Misfit[]> {
  return (await failure(() => validate(of, value, 'request'))).details as readonly Misfit[]
}

const good = { name: 'lamp', items: [{ sku: 'a1', count: 1 }] }
const bad = {
  name: 'lamp',
  items: [
    { sku: 'a1', count: 1 },
    { sku: 'b2', count: 'two' },
  ],
}

const libraries: Readonly<Record<string, { readonly now: Schema; readonly later: Schema }>> = {
  zod: {
    now: z.object({ name: z.string(), items: z.array(z.object({ sku: z.string(), count: z.number() })) }),
    later: z.object({
      name: z.string(),
      items: z.array(z.object({ sku: z.string(), count: z.unknown().refine(async (n) => typeof n === 'number') })),
    }),
  },
  valibot: {
    now: v.object({ name: v.string(), items: v.array(v.object({ sku: v.string(), count: v.number() })) }),
    later: v.objectAsync({
      name: v.string(),
      items: v.arrayAsync(
        v.objectAsync({
          sku: v.string(),
          count: v.pipeAsync(
            v.unknown(),
            v.checkAsync(async (n) => typeof n === 'number'),
          ),
        }),
      ),
    }),
  },
  arktype: {
    now: type({ name: 'string', items: type({ sku: 'string', count: 'number' }).array() }),
    // arktype has no asynchronous checks of its own.
    later: schema(async (value) =>
      type({ name: 'string', items: type({ sku: 'string', count: 'number' }).array() })['~standard'].validate(value),
    ),
  },
}

for (const [library, { now, later }] of Object.entries(libraries)) {
  describe(`a schema of ${library}`, () => {
    it('gives a good value at once', () => {
      assert.deepEqual(validate(now, good, 'request'), good)
    })

    it('refuses a bad one with the path, array indexes included', async () => {
      const [misfit, ...others] = await misfits(now, bad)
      assert.equal(misfit?.path, 'items.1.count')
      assert.notEqual(misfit?.message, '')
      assert.deepEqual(others, [])
    })

    it('may be asynchronous', async () => {
      const valid = validate(later, good, 'request')
      assert.ok(valid instanceof Promise)
      assert.deepEqual(await valid, good)
      assert.equal((await misfits(later, bad))[0]?.path, 'items.1.count')
    })

    it('finds more than one thing wrong', async () => {
      const paths = (await misfits(now, { name: 5, items: [{ sku: 1, count: 1 }] })).map(({ path }) => path)
      assert.deepEqual(paths.sort(), ['items.0.sku', 'name'])
    })
  })
}

describe('validate', () => {
  it('gives what the schema makes of the value, not the value', () => {
    const dates = z.object({ at: z.coerce.date() })
    assert.deepEqual(validate(dates, { at: '2026-01-01', more: 1 }, 'request'), { at: new Date('2026-01-01') })
    assert.equal(
      validate(
        schema(() => ({ value: undefined })),
        5,
        'reply',
      ),
      undefined,
    )
  })

  it('blames the caller for a request and the service for a reply', async () => {
    const named = z.object({ name: z.string() })
    const request = await failure(() => validate(named, {}, 'request'))
    assert.equal(request.code, 'invalid_argument')
    assert.match(request.message, /^the request does not fit: name: /)
    const reply = await failure(() => validate(named, {}, 'reply'))
    assert.equal(reply.code, 'internal')
    assert.match(reply.message, /^the reply does not fit: name: /)
  })

  it('says where by keys, whatever form the library gives them', async () => {
    const symbol = Symbol('secret')
    const path = ['items', { key: 0 }, 2, { key: symbol }, symbol]
    assert.deepEqual(await misfits(finds({ message: 'bad', path }), {}), [
      { path: 'items.0.2.Symbol(secret).Symbol(secret)', message: 'bad' },
    ])
  })

  it('has an empty path for what is wrong with the message as a whole', async () => {
    const error = await failure(() => validate(z.string(), 5, 'request'))
    assert.equal((error.details as Misfit[])[0]?.path, '')
    assert.match(error.message, /^the request does not fit: [^:]+:? /)
    assert.deepEqual(await misfits(finds({ message: 'bad', path: undefined }), 1), [{ path: '', message: 'bad' }])
  })

  it('counts what else is wrong in its message', async () => {
    const two = await failure(() => validate(finds({ message: 'one' }, { message: 'two' }), 1, 'request'))
    assert.equal(two.message, 'the request does not fit: one (and 1 more)')
    const one = await failure(() => validate(finds({ message: 'one' }), 1, 'request'))
    assert.equal(one.message, 'the request does not fit: one')
    const none = await failure(() => validate(finds(), 1, 'request'))
    assert.equal(none.message, 'the request does not fit: no reason given')
  })

  it('tells at most 32 things, each in at most 256 characters, since a stranger decides how many there are', async () => {
    const long = 'x'.repeat(1_000)
    const issues = Array.from({ length: 1_000 }, () => ({ message: long, path: [long, long] }))
    const error = await failure(() => validate(finds(...issues), 1, 'request'))
    const details = error.details as Misfit[]
    assert.equal(details.length, 32)
    assert.ok(details.every(({ path, message }) => path.length === 256 && message.length === 256))
    assert.match(error.message, /\(and 999 more\)$/)
    assert.ok(error.message.length < 600)
  })

  it('survives messages that are no text', async () => {
    assert.deepEqual(await misfits(finds({ message: undefined as never }), 1), [{ path: '', message: 'undefined' }])
  })

  it('waits for a promise of another realm too, and does not take it for a good result', async () => {
    const foreign = (result: SchemaResult<number>) =>
      // biome-ignore lint/suspicious/noThenProperty: a promise that is no instance of this realm's Promise.
      schema<number>(() => ({ then: (resolve: (result: SchemaResult<number>) => void) => resolve(result) }) as never)
    assert.equal(await validate(foreign({ value: 5 }), 1, 'request'), 5)
    await failure(() => validate(foreign({ issues: [{ message: 'bad' }] }), 1, 'request'))
  })

  it('lets a schema that throws throw', async () => {
    const bug = new RangeError('a bug in the schema')
    const broken = schema(() => {
      throw bug
    })
    assert.throws(() => validate(broken, 1, 'request'), bug)
    await assert.rejects(
      async () =>
        validate(
          schema(async () => {
            throw bug
          }),
          1,
          'request',
        ),
      bug,
    )
  })
})
