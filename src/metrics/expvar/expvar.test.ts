// Tests of expvar.ts: what /debug/vars answers.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rootContext } from '../../core/context.ts'
import { registry } from '../registry.ts'
import { type ExpvarOptions, expvar } from './expvar.ts'

async function ask(metrics = registry(), options?: ExpvarOptions, method = 'GET'): Promise<Response> {
  return await expvar(metrics, options)(new Request('http://localhost/debug/vars', { method }), rootContext())
}

async function read(metrics = registry(), options?: ExpvarOptions): Promise<Record<string, unknown>> {
  return JSON.parse(await (await ask(metrics, options)).text())
}

describe('expvar', () => {
  it('answers as Go does: JSON with the program and its memory first, a variable a line', async () => {
    const metrics = registry()
    metrics.counter({ name: 'calls' }).add(2)
    const response = await ask(metrics)
    assert.deepEqual(
      [response.status, response.headers.get('content-type'), response.headers.get('cache-control')],
      [200, 'application/json; charset=utf-8', 'no-store'],
    )
    const text = await response.text()
    assert.match(text, /^\{\n"cmdline": \[.*\],\n"memstats": \{"Alloc":\d+,.*\},\n"calls": 2\n\}\n$/)
  })

  it('leaves the arguments of the program out unless told otherwise, for they may be secrets', async (t) => {
    t.mock.property(process, 'argv', ['/bin/node', '/app/main.ts', '--token', 'hunter2'])
    assert.deepEqual((await read())['cmdline'], ['/bin/node', '/app/main.ts'])
    assert.deepEqual((await read(registry(), { cmdline: 'nothing' }))['cmdline'], undefined)
    assert.deepEqual((await read(registry(), { cmdline: 'arguments' }))['cmdline'], process.argv)
  })

  it('reads what is only read to be shown, for each who sees it', async () => {
    const metrics = registry()
    const gauge = metrics.gauge({ name: 'reads' })
    let reads = 0
    metrics.onCollect(() => gauge.set(++reads))
    await ask(metrics, undefined, 'HEAD')
    assert.equal((await read(metrics))['reads'], 1)
    assert.equal((await read(metrics))['reads'], 2)
  })

  it('answers HEAD with the headers alone, and refuses all other methods', async () => {
    const head = await ask(registry(), undefined, 'HEAD')
    assert.deepEqual(
      [head.status, head.body, head.headers.get('content-type')],
      [200, null, 'application/json; charset=utf-8'],
    )
    const post = await ask(registry(), undefined, 'POST')
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
    assert.match(await post.text(), /POST/)
  })

  it('shows variables of the same name side by side, the first under its own', async () => {
    const metrics = registry()
    metrics.histogram({ name: 'took', buckets: [1] }).observe(1)
    metrics.gauge({ name: 'took.count' }).set(7)
    metrics.gauge({ name: 'memstats' }).set(8)
    metrics.gauge({ name: 'cmdline' }).set(9)
    const variables = await read(metrics)
    assert.equal(variables['took.count'], 1)
    assert.equal(variables['took.count#2'], 7)
    assert.equal(variables['memstats#2'], 8)
    assert.equal(variables['cmdline#2'], 9)
    assert.ok(Array.isArray(variables['cmdline']))
  })

  it('is JSON without doubles, whatever is measured', async () => {
    const anyName = fc.constantFrom('a', 'a.p50', 'a.count', '__proto__', 'constructor', 'cmdline', 'x:y')
    const anyValue = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity))
    const anyText = fc.string({ unit: 'binary', maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anyName, fc.nat(4), anyText, anyValue)), async (measured) => {
        const metrics = registry()
        for (const [name, kind, text, value] of measured) {
          try {
            if (kind === 0) metrics.counter({ name }).add(value)
            else if (kind === 1) metrics.gauge({ name }).set(value)
            else if (kind === 2) metrics.histogram({ name }).observe(value)
            else if (kind === 3) metrics.summary({ name }).observe(value)
            else
              metrics
                .gauge({ name, labels: ['__proto__x', 'b'] })
                .with({ __proto__x: text, b: text })
                .set(value)
          } catch (thrown) {
            assert.match(String(thrown), /is there already/)
          }
        }
        const page = await (await ask(metrics, { cmdline: 'nothing' })).text()
        const lines = page.trimEnd().split('\n').slice(1, -1)
        assert.equal(Object.keys(JSON.parse(page)).length, lines.length)
      }),
    )
  })

  it('refuses an option that there is not', () => {
    for (const cmdline of ['all', 'toString', true, null])
      assert.throws(() => expvar(registry(), { cmdline: cmdline as never }), {
        name: 'TypeError',
        message: /^cmdline must be/,
      })
  })
})
