// Tests of route-console.ts.
import assert from 'node:assert/strict'
import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { logRecorder } from '../../testing/log-recorder.ts'
import { LoggedError } from '../log-value.ts'
import { type Logger, logger } from '../logger.ts'
import type { Sink } from '../sink.ts'
import { routeConsole } from './route-console.ts'

/** A console of the test's own, and what it has printed. */
function scene() {
  let printed = ''
  const stream = new Writable({
    write(text, _encoding, next) {
      printed += text
      next()
    },
  })
  const recorder = logRecorder()
  return {
    console: new Console(stream, stream),
    printed: () => printed,
    recorder,
    log: logger(recorder, { level: 'debug', redact: false }),
    entries: () => recorder.entries.map(({ level, message }) => [level, message]),
  }
}

describe('a routed console', () => {
  it('logs what was to be printed, each method at its level', () => {
    const { console, log, recorder, entries, printed } = scene()
    using _route = routeConsole(log, { console })
    console.debug('d %s', 'x')
    console.log('l', { a: 1 })
    console.info('i')
    console.warn('w')
    const error = new Error('refused')
    console.error('failed:', error)
    console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 })
    console.assert(true, 'holds')
    console.assert(false)
    console.assert(false, 'n is %d', 3)
    console.assert(false, { n: 3 })
    assert.deepEqual(entries(), [
      ['debug', 'd x'],
      ['info', 'l { a: 1 }'],
      ['info', 'i'],
      ['warn', 'w'],
      ['error', 'failed: refused'],
      ['info', '{ a: [Object] }'],
      ['error', 'Assertion failed'],
      ['error', 'Assertion failed: n is 3'],
      ['error', 'Assertion failed: { n: 3 }'],
    ])
    const logged = recorder.entries[4]?.fields['error']
    assert.ok(logged instanceof LoggedError)
    assert.match(String(logged.details['stack']), /^Error: refused\n +at /)
    assert.equal(printed(), '')
  })

  it('logs where it was called for a trace', () => {
    const { console, log, recorder } = scene()
    using _route = routeConsole(log, { console })
    console.trace()
    console.trace('here %d', 1)
    assert.deepEqual(
      recorder.entries.map(({ level, message }) => [level, message]),
      [
        ['debug', 'Trace'],
        ['debug', 'here 1'],
      ],
    )
    assert.match(String(recorder.entries[0]?.fields['stack']), /^ +at .*route-console\.test\.ts:\d+/)
  })

  it('logs what the console prints with `log` itself', () => {
    const { console, log, entries, printed } = scene()
    using _route = routeConsole(log, { console })
    console.table([{ a: 1 }])
    console.count('hits')
    console.time('t')
    console.timeEnd('t')
    console.group('inner')
    console.groupEnd()
    console.dirxml('x')
    const messages = entries().map(([, message]) => String(message))
    assert.match(messages[0] ?? '', /│ 0 {7}│ 1 │/)
    assert.equal(messages[1], 'hits: 1')
    assert.match(messages[2] ?? '', /^t: [\d.]+(?:ms|s)$/)
    assert.deepEqual(messages.slice(3), ['inner', 'x'])
    assert.equal(printed(), '')
  })

  it('is given back when the route is disposed, and only once', () => {
    const { console, log, recorder, printed } = scene()
    const before = { ...console }
    const route = routeConsole(log, { console })
    assert.notEqual(console.log, before.log)
    route[Symbol.dispose]()
    route[Symbol.dispose]()
    assert.deepEqual({ ...console }, before)
    console.log('printed')
    assert.equal(printed(), 'printed\n')
    assert.equal(recorder.entries.length, 0)
  })

  it('is given back in whatever order routes are disposed', () => {
    for (const order of [
      ['outer', 'inner'],
      ['inner', 'outer'],
    ] as const) {
      const { console, log, entries, printed } = scene()
      const before = { ...console }
      const other = logRecorder()
      const routes = { outer: routeConsole(log, { console }), inner: routeConsole(logger(other), { console }) }
      console.log('one')
      assert.deepEqual([entries().length, other.entries.length], [0, 1])
      routes[order[0]][Symbol.dispose]()
      console.log('two')
      assert.deepEqual([entries().length, other.entries.length], order[0] === 'outer' ? [0, 2] : [1, 1])
      routes[order[1]][Symbol.dispose]()
      console.log('three')
      assert.equal(printed(), 'three\n')
      // A method that was taken off the console while it was routed passes on what it is given.
      if (order[0] === 'inner') assert.deepEqual({ ...console }, before)
    }
  })

  it('has no route left in it, however many were disposed before those that came later', () => {
    const { console, log } = scene()
    const before = console.log
    let last = routeConsole(log, { console })
    for (let turn = 0; turn < 20_000; turn++) {
      const next = routeConsole(log, { console })
      last[Symbol.dispose]()
      last = next
    }
    console.log('logged')
    last[Symbol.dispose]()
    assert.equal(console.log, before)
    console.log('printed')
  })

  it('prints what the sink prints, at once or in what it began', async () => {
    const { console, printed } = scene()
    const later: Promise<void>[] = []
    let records = 0
    const sink: Sink = {
      write({ message }) {
        records++
        console.log(`sink: ${message}`)
        later.push(Promise.resolve().then(() => console.warn(`later: ${message}`)))
      },
    }
    using _route = routeConsole(logger(sink), { console })
    console.log('a')
    console.error('b')
    await Promise.all(later)
    assert.equal(printed(), 'sink: a\nsink: b\nlater: a\nlater: b\n')
    assert.equal(records, 2)
  })

  it('prints what a logger says of its own failures, and throws nothing', () => {
    const { console, printed } = scene()
    const sink: Sink = {
      write() {
        throw new Error('disk full')
      },
    }
    const log = logger(sink, { onError: ({ error }) => console.error('lost:', (error as Error).message) })
    using _route = routeConsole(log, { console })
    console.log('a')
    console.log('b')
    assert.equal(printed(), 'lost: disk full\n')
    assert.equal(log.dropped, 2)
  })

  it('is that of the process unless it is another', () => {
    const { log, entries } = scene()
    const before = console.log
    {
      using _route = routeConsole(log)
      console.log('from the process')
    }
    assert.equal(console.log, before)
    assert.deepEqual(entries(), [['info', 'from the process']])
  })

  it('needs a logger', () => {
    assert.throws(
      () => routeConsole(console as unknown as Logger),
      /^TypeError: logger must be one that logger\(sink\) gives/,
    )
  })
})
