// Tests of exposed-name.ts: names as they are, and names that are translated.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkSpec, type MetricSpec } from '../metric-spec.ts'
import type { MetricOutline } from '../registry.ts'
import { exposedName } from './exposed-name.ts'

const exposed = (kind: MetricOutline['kind'], spec: MetricSpec<string>) => exposedName({ kind, spec: checkSpec(spec) })

describe('exposedName', () => {
  it('leaves a name without dots as it is, whatever its kind and its unit', () => {
    for (const kind of ['counter', 'gauge', 'histogram', 'summary'] as const)
      assert.equal(exposed(kind, { name: 'my_group_count', unit: 'seconds' }).text, 'my_group_count')
  })

  it('gives a name with dots underscores, its unit, and _total when it counts', () => {
    const names = [
      [exposed('counter', { name: 'rpc.server.calls' }), 'rpc_server_calls_total'],
      [exposed('counter', { name: 'rpc.server.sent', unit: 'bytes' }), 'rpc_server_sent_bytes_total'],
      [exposed('histogram', { name: 'rpc.server.duration', unit: 'seconds' }), 'rpc_server_duration_seconds'],
      [exposed('gauge', { name: 'process.memory', unit: 'bytes' }), 'process_memory_bytes'],
      [exposed('gauge', { name: 'calls.in_flight' }), 'calls_in_flight'],
    ] as const
    for (const [{ text }, name] of names) assert.equal(text, name)
  })

  it('adds nothing that is there already', () => {
    assert.equal(exposed('counter', { name: 'a.bytes', unit: 'bytes' }).text, 'a_bytes_total')
    assert.equal(exposed('counter', { name: 'a.bytes.total', unit: 'bytes' }).text, 'a_bytes_total')
    assert.equal(exposed('counter', { name: 'a.total', unit: 'bytes' }).text, 'a_bytes_total')
    assert.equal(exposed('gauge', { name: 'a.kilobytes', unit: 'bytes' }).text, 'a_kilobytes_bytes')
  })

  it('makes one underscore of several that a translation would leave', () => {
    assert.equal(exposed('gauge', { name: 'a_.b__c' }).text, 'a_b_c')
  })

  it('names a counter in OpenMetrics without _total', () => {
    assert.equal(exposed('counter', { name: 'rpc.calls' }).openMetrics, 'rpc_calls')
    assert.equal(exposed('counter', { name: 'calls_total' }).openMetrics, 'calls')
    assert.equal(exposed('counter', { name: 'calls' }).openMetrics, 'calls')
    assert.equal(exposed('gauge', { name: 'calls_total' }).openMetrics, 'calls_total')
    assert.throws(() => exposed('counter', { name: '_total' }), /^TypeError: metric _total: .* before _total/)
  })

  it('says the unit where the name ends in it', () => {
    assert.equal(exposed('counter', { name: 'sent_bytes_total', unit: 'bytes' }).unit, 'bytes')
    assert.equal(exposed('counter', { name: 'sent', unit: 'bytes' }).unit, '')
    assert.equal(exposed('gauge', { name: 'kilobytes', unit: 'bytes' }).unit, '')
    assert.equal(exposed('gauge', { name: 'bytes', unit: 'bytes' }).unit, 'bytes')
  })

  it('gives labels underscores', () => {
    const labels = ['rpc.method', 'code', '_.x_', 'as__is']
    assert.deepEqual(exposed('gauge', { name: 'a', labels }).labels, ['rpc_method', 'code', '_x_', 'as__is'])
  })

  it('refuses labels that are reserved, each kind its own', () => {
    const refused = (kind: MetricOutline['kind'], label: string) =>
      assert.throws(() => exposed(kind, { name: 'a', labels: [label] }), {
        name: 'TypeError',
        message: new RegExp(`^metric a: label ${label} is reserved in a ${kind}`),
      })
    refused('histogram', 'le')
    refused('summary', 'quantile')
    refused('counter', '__name__')
    refused('gauge', '__x')
    assert.deepEqual(exposed('gauge', { name: 'a', labels: ['quantile', 'le'] }).labels, ['quantile', 'le'])
  })

  it('refuses labels that are one after translation', () => {
    assert.throws(() => exposed('gauge', { name: 'a', labels: ['x', 'b.c', 'b_c'] }), {
      name: 'TypeError',
      message: 'metric a: labels b.c and b_c are both b_c for Prometheus',
    })
  })
})
