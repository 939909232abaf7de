// Headers that speak of deadlines, attempts and traces: whatever a stranger writes there is capped or ignored, and never fails the call.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { attempt, type Context, contextKey, criticality, inbound, requestId, traceContext } from 'servicekit'
import { goodBody, jsonHeader, request, Victim } from './victim.ts'

let victim: Victim
let seen: Context | undefined
let remainingMs = 0
before(async () => {
  const look = (ctx: Context) => {
    seen = ctx
    remainingMs = ctx.remainingMs()
  }
  victim = await Victim.start(
    { maxTimeoutMs: 20_000, maxHeaderBytes: 65_536 },
    {
      sum: ({ a, b }, ctx) => {
        look(ctx)
        return { total: a + b }
      },
      async *count(_, ctx) {
        look(ctx)
        yield { n: 1 }
        await ctx.clock.sleep(20, ctx)
        yield { n: 2 }
      },
    },
  )
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

/** Sends a call with these headers, which must be answered as ever, and gives what its handler saw. */
async function call(...headers: readonly string[]): Promise<Context> {
  seen = undefined
  const http = await victim.connect()
  await http.write(request('POST /sum', goodBody, [jsonHeader, ...headers]))
  const { status, body } = await http.reply()
  assert.deepEqual([status, body], [200, '{"total":3}\n'])
  const ctx = seen ?? assert.fail('no handler was called')
  const left = remainingMs
  await victim.isWell('sum')
  remainingMs = left
  return ctx
}

const huge = 'x'.repeat(20_000)
const garbage = [
  '',
  '-1',
  '+5',
  '5.5',
  '1e3',
  '0x10',
  'NaN',
  'Infinity',
  '5s',
  ' ',
  '١',
  '\xb2',
  'null',
  '[object Object]',
  '5 5',
  '0',
  '00',
  '__proto__',
]
const tooLong = ['99999999999999999', '100000000000000000000000', '9'.repeat(20_000)]

const shown = (value: string) => (value.length > 60 ? `${value.slice(0, 60)}…` : value)

describe('request-timeout-ms', () => {
  for (const value of [...garbage, ...tooLong]) {
    it(`is ignored: "${shown(value)}"`, async () => {
      await call(`request-timeout-ms: ${value}`)
      assert.ok(remainingMs > 3_000 && remainingMs <= 5_000, `${remainingMs}`)
    })
  }

  for (const value of [
    '20001',
    '2147483648',
    '4294967296',
    '9007199254740991',
    '9007199254740993',
    '9999999999999999',
  ]) {
    it(`is capped: ${value}`, async () => {
      await call(`request-timeout-ms: ${value}`)
      assert.ok(remainingMs > 15_000 && remainingMs <= 20_000, `${remainingMs}`)
    })

    it(`does not end a stream: ${value}`, async () => {
      const http = await victim.connect()
      await http.write(request('GET /count/2', '', [`request-timeout-ms: ${value}`]))
      assert.equal((await http.reply()).body, '{"n":1}\n{"n":2}\n')
      await victim.isWell('count')
    })
  }

  it('is ignored when it is given twice', async () => {
    await call('request-timeout-ms: 10000', 'request-timeout-ms: 15000')
    assert.ok(remainingMs <= 5_000, `${remainingMs}`)
  })

  it('is honoured when it is good', async () => {
    await call('Request-Timeout-Ms: 10000')
    assert.ok(remainingMs > 6_000 && remainingMs <= 10_000, `${remainingMs}`)
  })
})

describe('request-attempt', () => {
  for (const value of [...garbage, ...tooLong]) {
    it(`is ignored: "${shown(value)}"`, async () =>
      assert.equal((await call(`request-attempt: ${value}`)).get(attempt), 1))
  }
  for (const value of ['1001', '9999999999999999'])
    it(`is capped: ${value}`, async () => assert.equal((await call(`request-attempt: ${value}`)).get(attempt), 1_000))

  it('is ignored when it is given twice', async () => {
    assert.equal((await call('request-attempt: 2', 'request-attempt: 3')).get(attempt), 1)
  })

  it('is honoured when it is good', async () => assert.equal((await call('request-attempt: 2')).get(attempt), 2))
})

const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

describe('traceparent', () => {
  const wrong: Readonly<Record<string, string>> = {
    nothing: '',
    'a word': 'garbage',
    'no flags': `00-${trace}-${span}`,
    'capital letters': `00-${trace.toUpperCase()}-${span}-01`,
    'a trace of zeros': `00-${'0'.repeat(32)}-${span}-01`,
    'a span of zeros': `00-${trace}-${'0'.repeat(16)}-01`,
    'the version that is forbidden': `ff-${trace}-${span}-01`,
    'more than version 00 has': `00-${trace}-${span}-01-more`,
    'a short trace': `00-${trace.slice(1)}-${span}-01`,
    'a long span': `00-${trace}-${span}0-01`,
    'a letter that is no digit': `00-${trace.replace('4', 'g')}-${span}-01`,
    'a later version that is far too long': `01-${trace}-${span}-01-${huge}`,
    'bytes beyond ASCII': `00-${trace}-${span}-0\xe9`,
  }
  for (const [name, value] of Object.entries(wrong))
    it(`is ignored: ${name}`, async () =>
      assert.equal((await call(`traceparent: ${value}`)).get(traceContext), undefined))

  it('is ignored when it is given twice', async () => {
    const header = `traceparent: 00-${trace}-${span}-01`
    assert.equal((await call(header, header)).get(traceContext), undefined)
  })

  it('is kept without a tracestate that is too long or not visible ASCII', async () => {
    for (const state of [huge, 'a=\xe9']) {
      const found = (await call(`traceparent: 00-${trace}-${span}-01`, `tracestate: ${state}`)).get(traceContext)
      assert.deepEqual([found?.traceId, found?.spanId, found?.tracestate], [trace, span, ''])
    }
  })
})

const tenant = contextKey('tenant', { scope: 'wire', fallback: 'nobody' })

describe('baggage', () => {
  const values = [
    '',
    '=',
    ',,,,',
    '=,=',
    'tenant',
    '=x',
    'tenant=%',
    'tenant=%zz',
    'tenant=%ff',
    '__proto__=1',
    '__proto__=%7B%7D,constructor=1',
    ';;;',
    huge,
    `tenant=${huge}`,
    ','.repeat(20_000),
    '\xe9=\xe9',
  ]
  for (const value of values)
    it(`is ignored: "${shown(value)}"`, async () =>
      assert.equal((await call(`baggage: ${value}`)).get(tenant), 'nobody'))

  it('is no matter when it is given twenty times', async () => {
    await call(...Array.from({ length: 20 }, (_, i) => `baggage: m${i}=${'x'.repeat(500)}`))
  })
})

describe('other headers of ours', () => {
  for (const value of ['', huge, 'a b', 'caf\xe9', 'x'.repeat(129), 'a\tb']) {
    it(`give no request id: "${shown(value)}"`, async () => {
      const id = (await call(`request-id: ${value}`)).get(requestId)
      assert.match(id, /^[!-~]{8,128}$/)
      assert.notEqual(id, value)
    })
  }

  it('give no request id when there are two', async () => {
    assert.doesNotMatch((await call('request-id: one', 'request-id: two')).get(requestId), /one|two/)
  })

  for (const value of ['critical_plus', 'sheddable', 'constructor', huge]) {
    it(`do not say what matters: "${shown(value)}"`, async () => {
      assert.equal((await call(`request-criticality: ${value}`)).get(criticality), 'critical')
    })
  }

  for (const name of ['__proto__', 'constructor', 'hasownproperty', 'valueof']) {
    it(`are undefined when nobody sent them, whatever objects call by that name: ${name}`, async () => {
      const { headers } = (await call()).get(inbound)
      assert.equal(headers.get(name), undefined)
    })

    // Of this one node:http knows nothing itself.
    if (name === '__proto__') continue
    it(`are read when somebody sent them: ${name}`, async () => {
      const { headers } = (await call(`${name}: sent`)).get(inbound)
      assert.equal(headers.get(name), 'sent')
    })
  }
})
