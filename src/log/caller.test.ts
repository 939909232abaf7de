// Tests of caller.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInThisContext } from 'node:vm'
import { build } from 'esbuild'
import { logRecorder } from '../testing/log-recorder.ts'
import { type CallerOptions, caller } from './caller.ts'
import { type Logger, logger } from './logger.ts'

const sink = logRecorder()
const log = logger(sink, { level: 'debug' })

/** Runs code as if it stood in a file, from a line on, and gives what was logged as the caller of each record. */
function called(
  code: string,
  { file = '/app/orders.ts', line = 93, ...options }: CallerOptions & { file?: string; line?: number } = {},
) {
  sink.clear()
  const run = runInThisContext(`(log) => { ${code} }`, { filename: file, lineOffset: line - 1 }) as (
    log: Logger,
  ) => void
  run(log.with({ caller: caller(options) }))
  return sink.entries.map(({ fields }) => fields['caller'])
}

/** Runs something with members of Error changed. */
function withError<T>(members: object, run: () => T): T {
  const before = Object.entries(Object.getOwnPropertyDescriptors(Error))
  try {
    Object.defineProperties(
      Error,
      Object.fromEntries(
        Object.entries(members).map(([key, value]) => [key, { value, writable: true, configurable: true }]),
      ),
    )
    return run()
  } finally {
    delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace
    Object.defineProperties(Error, Object.fromEntries(before))
  }
}

describe('caller', () => {
  it('says file and line of whoever logs, by whatever method', () => {
    const code = `log.debug('m'); log.info('m')
      log.warn('m')
      log.error('m'); log.log('info', 'm')`
    assert.deepEqual(called(code), ['orders.ts:93', 'orders.ts:93', 'orders.ts:94', 'orders.ts:95', 'orders.ts:95'])
  })

  it('is the same for a logger of a logger, and for a field of one record', () => {
    assert.deepEqual(called(`log.with({ a: 1 }).with({ b: {} }).info('m')`), ['orders.ts:93'])
    const run = runInThisContext(`(log, at) => log.info('m', { at })`, { filename: '/app/own.ts' }) as (
      log: Logger,
      at: unknown,
    ) => void
    sink.clear()
    run(log, caller())
    assert.equal(sink.entries[0]?.fields['at'], 'own.ts:1')
  })

  it('passes over the frames of the program that it is told to', () => {
    const code = `const wrap = (message) => log.info(message)
      const wrapped = (message) => wrap(message)
      wrapped('m')`
    assert.deepEqual(called(code), ['orders.ts:93'])
    assert.deepEqual(called(code, { skip: 1 }), ['orders.ts:94'])
    assert.deepEqual(called(code, { skip: 2 }), ['orders.ts:95'])
    assert.deepEqual(called(code, { skip: 50 }), [undefined])
  })

  it('passes over what is not a line of the program', () => {
    assert.deepEqual(called(`[1].forEach(log.info.bind(log))`), ['orders.ts:93'])
    assert.deepEqual(called(`['m'].map((message) => log.info(message))`), ['orders.ts:93'])
    assert.deepEqual(called(`eval('log.info("m")')`), ['orders.ts:93'])
    assert.deepEqual(called(`new Function('log', 'log.info("m")')(log)`), ['orders.ts:93'])
    assert.deepEqual(called(`log.info('m')`, { file: 'node:internal/timers' }), [undefined])
  })

  it('passes over the files of this package', () => {
    const own = new URL('./log-calls.ts', import.meta.url).href
    const through = runInThisContext(`(log) => () => log.info('m')`, { filename: own }) as (log: Logger) => () => void
    sink.clear()
    const run = runInThisContext(`(run) => run()`, { filename: '/app/main.ts', lineOffset: 6 }) as (
      run: () => void,
    ) => void
    run(through(log.with({ caller: caller() })))
    assert.equal(sink.entries[0]?.fields['caller'], 'main.ts:7')
  })

  it('says the name alone, whatever the place looks like', () => {
    const files = {
      'file:///app/src/orders.ts': 'orders.ts',
      'file:///C:/app/orders.ts': 'orders.ts',
      'C:\\app\\orders.ts': 'orders.ts',
      'http://localhost:5173/src/orders.ts?t=1700:00#top': 'orders.ts',
      '/my app (2)/orders and more.ts': 'orders and more.ts',
      'orders.ts': 'orders.ts',
      '/app/node_modules/other/log/caller.js': 'caller.js',
    }
    for (const [file, name] of Object.entries(files)) {
      assert.deepEqual(called(`log.info('m')`, { file }), [`${name}:93`])
      assert.deepEqual(
        called(
          `const named = () => log.info('m')
        new (class A { constructor() { named() } })()`,
          { file },
        ),
        [`${name}:93`],
      )
    }
  })

  it('says it of code that waited', async () => {
    sink.clear()
    const run = runInThisContext(`async (log) => { await undefined; log.info('m') }`, { filename: '/app/late.ts' })
    await (run as (log: Logger) => Promise<void>)(log.with({ caller: caller() }))
    assert.equal(sink.entries[0]?.fields['caller'], 'late.ts:1')
  })

  it('needs no stacks of the program, and leaves their length as it was', () => {
    for (const stackTraceLimit of [0, 1, 100, undefined, 'many']) {
      withError({ stackTraceLimit }, () => {
        assert.deepEqual(called(`log.info('m')`), ['orders.ts:93'])
        assert.equal(Error.stackTraceLimit, stackTraceLimit)
      })
    }
    const before = Error.stackTraceLimit
    delete (Error as { stackTraceLimit?: unknown }).stackTraceLimit
    assert.deepEqual(called(`log.info('m')`), ['orders.ts:93'])
    assert.equal(Object.hasOwn(Error, 'stackTraceLimit'), false)
    Error.stackTraceLimit = before
  })

  it('says nothing where the runtime does not tell', () => {
    const odd = [
      { captureStackTrace: undefined },
      {
        captureStackTrace() {
          throw new Error('no')
        },
      },
      { captureStackTrace: (holder: { stack: unknown }) => Object.assign(holder, { stack: 7 }) },
      { captureStackTrace: (holder: { stack: unknown }) => Object.assign(holder, { stack: 'info@http://x/y.js:1:2' }) },
      { prepareStackTrace: (_: unknown, sites: unknown) => sites },
      {
        prepareStackTrace() {
          throw new Error('no')
        },
      },
    ]
    for (const members of odd) withError(members, () => assert.deepEqual(called(`log.info('m')`), [undefined]))
    assert.equal(caller()(), undefined)
  })

  it('costs nothing where it is not asked', () => {
    withError({ captureStackTrace: () => assert.fail('a stack was taken') }, () => {
      log.with({ a: 1 }).info('m', { b: { c: 1 } })
      log.level = 'warn'
      log.with({ caller: caller() }).info('m')
      log.level = 'debug'
    })
  })

  it('is right in a bundle, which has all in one file, minified too', async () => {
    const stdin = {
      resolveDir: import.meta.dirname,
      contents: `
        import { caller } from './caller.ts'
        import { logger } from './logger.ts'
        export function run(sink) {
          const log = logger(sink).with({ caller: caller() })
          log.info('m')
          log.with({ a: 1 }).log('warn', 'm')
        }`,
    }
    for (const minify of [false, true]) {
      const { outputFiles } = await build({
        stdin,
        bundle: true,
        write: false,
        minify,
        format: 'iife',
        globalName: 'bundled',
        target: 'es2022',
      })
      const code = outputFiles[0]?.text ?? ''
      // On lines of their own, so that they can be told.
      const lines = code.replaceAll(/\w+(?:\.with\([^)]*\))?\.(?:info|log)\((?:"warn", ?)?"m"\)/g, '\n$&\n').split('\n')
      const expected = lines.flatMap((line, index) => (line.includes('"m")') ? [`main.js:${index + 1}`] : []))
      assert.equal(expected.length, 2, code)
      const { run } = runInThisContext(`${lines.join('\n')};bundled`, { filename: '/app/dist/main.js' }) as {
        run(to: typeof sink): void
      }
      sink.clear()
      run(sink)
      assert.deepEqual(
        sink.entries.map(({ fields }) => fields['caller']),
        expected,
      )
    }
  })

  it('refuses a skip that is none', () => {
    for (const skip of [-1, 1.5, 51, NaN]) assert.throws(() => caller({ skip }), RangeError)
    assert.throws(() => caller({ skip: '1' as never }), TypeError)
  })
})
