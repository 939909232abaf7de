// Tests of pipeline-advice.ts.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { noMethod } from '../core/method.ts'
import { logger } from '../log/logger.ts'
import { logRecorder } from '../testing/log-recorder.ts'
import type { ClientPipelineOptions } from './client-pipeline-options.ts'
import { pipelineAdvice, warnOf } from './pipeline-advice.ts'

const read = { ...noMethod, service: 'shop', fullName: 'shop/read', idempotent: true }
const write = { ...noMethod, service: 'shop', fullName: 'shop/write' }

const codesOf = (options: ClientPipelineOptions, use = {}) => {
  const advice = pipelineAdvice(options)
  return [...advice.made(), ...advice.used({ methods: [read, write], ...use })].map(({ code }) => code)
}

describe('pipelineAdvice', () => {
  it('finds nothing wrong with the defaults, nor with what is off', () => {
    assert.deepEqual(codesOf({}), [])
    assert.deepEqual(codesOf({}, { methods: [write] }), [])
    assert.deepEqual(
      codesOf({ retry: false, timeout: false, circuitBreaker: false, bulkhead: false }, { maxConnections: 1 }),
      [],
    )
  })

  it('refuses an attempt that may take longer than its call', () => {
    assert.throws(() => codesOf({ attemptTimeout: { timeoutMs: 6_000 } }), {
      name: 'TypeError',
      message:
        'attemptTimeout.timeoutMs (6000) must not be above timeout.timeoutMs (5000): an attempt ends with its call',
    })
    assert.throws(
      () => codesOf({ timeout: { timeoutMs: 100 }, attemptTimeout: { timeoutMs: 200 } }),
      /attemptTimeout\.timeoutMs \(200\)/,
    )
    assert.deepEqual(codesOf({ attemptTimeout: { timeoutMs: 6_000 }, timeout: false, retry: false }), [])
  })

  it('refuses a hedge that comes when the first attempt has ended', () => {
    assert.throws(
      () => codesOf({ hedge: { delayMs: 2_000 } }),
      /hedge\.delayMs \(2000\) must be below attemptTimeout\.timeoutMs \(2000\)/,
    )
    assert.deepEqual(codesOf({ hedge: { delayMs: 1_999 } }), [])
    assert.deepEqual(codesOf({ hedge: { delayMs: 3_000 }, timeout: { timeoutMs: 10_000 } }), [])
    assert.deepEqual(codesOf({ hedge: { delayMs: 3_000 }, attemptTimeout: false }), [])
  })

  it('refuses a hedge, and warns of retries, where no method is idempotent', () => {
    const use = { methods: [write] }
    assert.throws(() => codesOf({ hedge: {} }, use), /hedge can do nothing for shop: none of its methods is idempotent/)
    assert.deepEqual(codesOf({ retry: { attempts: 4 } }, use), ['retry_without_idempotency'])
    assert.deepEqual(codesOf({ retry: { attempts: 1 } }, use), [])
    assert.deepEqual(codesOf({ retry: { when: () => true } }, use), [])
    assert.deepEqual(codesOf({ retry: { attempts: 4 }, hedge: {} }), [])
  })

  it('warns of a breaker that forgets before a call has ended', () => {
    assert.deepEqual(codesOf({ circuitBreaker: { windowMs: 4_000 } }), ['window_below_retries'])
    assert.deepEqual(codesOf({ circuitBreaker: { windowMs: 4_000 }, retry: false }), [])
    assert.deepEqual(codesOf({ retry: { attempts: 6 } }), [])
    assert.deepEqual(codesOf({ retry: { attempts: 6 }, timeout: { timeoutMs: 60_000 } }), ['window_below_retries'])
    const [warning] = pipelineAdvice({ circuitBreaker: { windowMs: 4_000 } }).made()
    assert.match(
      warning?.message ?? '',
      /^circuitBreaker\.windowMs \(4000\) is shorter .*5000 ms: retry\.attempts 3, attemptTimeout\.timeoutMs 2000/,
    )
  })

  it('looks at the limits of the methods too', () => {
    const report = { ...read, fullName: 'shop/report', timeoutMs: 30_000 }
    const own = { circuitBreaker: { probes: 2 } }
    assert.deepEqual(codesOf(own, { methods: [read, report] }), ['window_below_retries'])
    assert.deepEqual(codesOf({}, { methods: [read, report] }), [])
    assert.deepEqual(codesOf({ circuitBreaker: { windowMs: 30_000 } }, { methods: [read, report] }), [])
    assert.deepEqual(codesOf(own, { methods: [{ ...report, idempotent: false }] }), [])
    const [warning] = pipelineAdvice(own).used({ methods: [report] })
    assert.match(warning?.message ?? '', /timeoutMs of shop\/report 30000\): .* make it 30000 at least$/)
  })

  it('warns of fewer connections than calls that are let in', () => {
    assert.deepEqual(codesOf({}, { maxConnections: 10 }), ['pool_below_bulkhead'])
    assert.deepEqual(codesOf({ bulkhead: { limit: 10 } }, { maxConnections: 10 }), [])
    const [warning] = pipelineAdvice({}).used({ methods: [read], maxConnections: 10 })
    assert.match(warning?.message ?? '', /^maxConnections \(10\) is below bulkhead\.limit \(1000\)/)
  })
})

describe('warnOf', () => {
  const warning = { code: 'pool_below_bulkhead', message: 'too few' } as const

  it('tells whoever listens, else the logger, else the process', async () => {
    const heard: unknown[] = []
    warnOf({ onWarning: (event) => void heard.push(event) })(warning)
    assert.deepEqual(heard, [warning])
    const sink = logRecorder()
    warnOf({ logger: logger(sink) })(warning)
    assert.deepEqual(
      sink.entries.map(({ level, message }) => [level, message]),
      [['warn', 'too few']],
    )
    const warned = once(process, 'warning')
    warnOf({})(warning)
    const [{ name, code, message }] = await warned
    assert.deepEqual([name, code, message], ['ServicekitWarning', 'pool_below_bulkhead', 'too few'])
  })
})
