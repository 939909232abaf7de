// Tests of metric-spec.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkSpec, type MetricSpec } from './metric-spec.ts'

function refused(spec: unknown, message: RegExp, name = 'TypeError'): void {
  assert.throws(() => checkSpec(spec as MetricSpec<string>), { name, message })
}

describe('checkSpec', () => {
  it('fills in the defaults', () => {
    assert.deepEqual(checkSpec({ name: 'hits' }), {
      name: 'hits',
      help: '',
      unit: '',
      labels: [],
      maxSeries: 2_000,
      keep: [],
    })
  })

  it('takes copies of its lists', () => {
    const labels = ['a', 'b']
    const keep = ['a']
    const spec = checkSpec({ name: 'hits', labels, keep })
    labels.push('c')
    keep.push('b')
    assert.deepEqual([spec.labels, spec.keep], [['a', 'b'], ['a']])
  })

  it('takes names as Prometheus and as OpenTelemetry write them', () => {
    for (const name of ['a', '_a', ':a', 'a_b:c', 'A9', 'rpc.server.calls', 'a.1', 'job:latency:p99'])
      assert.equal(checkSpec({ name }).name, name)
  })

  it('refuses any other name, and prints it', () => {
    for (const name of ['', '9a', '.a', 'a.', 'a..b', 'a b', 'a-b', 'é', 'a\n', 7, undefined, null])
      refused({ name }, /^name of a metric must be .* but is /)
    refused({ name: 'a\nb' }, /"a\\nb"/)
  })

  it('refuses labels that no backend could name', () => {
    for (const label of ['', '9a', 'a:b', 'a b', 'a.', 'é', 7])
      refused({ name: 'm', labels: [label] }, /^metric m: a label/)
    refused({ name: 'm', labels: 'a' }, /^metric m: labels must be a list/)
    refused({ name: 'm', labels: ['a', 'a'] }, /^metric m: two labels/)
  })

  it('refuses a unit that is no plural of ours, and a help that is no text', () => {
    for (const unit of ['Seconds', 'm/s', '%', 1]) refused({ name: 'm', unit }, /^metric m: unit must be/)
    refused({ name: 'm', help: 1 }, /^metric m: help must be/)
    assert.equal(checkSpec({ name: 'm', unit: 'seconds', help: 'Grüße\n"x"' }).unit, 'seconds')
  })

  it('keeps the method and the code of a call when nothing is said', () => {
    const labels = ['rpc.method', 'status_code', 'http.response.status_code', 'code', 'path', 'methods', 'barcode']
    assert.deepEqual(checkSpec({ name: 'm', labels }).keep, [
      'rpc.method',
      'status_code',
      'http.response.status_code',
      'code',
    ])
    assert.deepEqual(checkSpec({ name: 'm', labels, keep: [] }).keep, [])
  })

  it('refuses to keep what is no label', () => {
    refused({ name: 'm', labels: ['a'], keep: ['b'] }, /^metric m: keep names "b"/)
  })

  it('refuses a limit of series that is none', () => {
    for (const maxSeries of [0, 1.5, NaN, 1_000_001])
      refused({ name: 'm', maxSeries }, /^metric m: maxSeries /, 'RangeError')
  })
})
