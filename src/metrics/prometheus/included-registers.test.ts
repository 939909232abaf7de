// Tests of included-registers.ts: the clients' own metrics on our page, with the real clients.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as official from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { parsePage } from '../../../test/interop/prometheus/page.ts'
import { checkSpec } from '../metric-spec.ts'
import type { ClientRegister } from './client-register.ts'
import { IncludedRegisters, type IncludeFailed } from './included-registers.ts'
import { NameClaims } from './name-claims.ts'

function including(registers: readonly ClientRegister[], claims = new NameClaims()) {
  const failed: IncludeFailed[] = []
  const included = new IncludedRegisters(registers, claims, (event) => failed.push(event))
  return { included, failed, claims }
}

for (const [name, client] of Object.entries({ 'prom-client': promClient, '@prometheus-io/client': official })) {
  describe(`IncludedRegisters of ${name}`, () => {
    const { OPENMETRICS_CONTENT_TYPE, PROMETHEUS_CONTENT_TYPE } = client.Registry

    function filled(contentType: typeof OPENMETRICS_CONTENT_TYPE | typeof PROMETHEUS_CONTENT_TYPE) {
      const register: promClient.Registry = new client.Registry() as never
      register.setContentType(contentType as never)
      const registers = [register as never]
      const counter = new client.Counter({ name: 'their_calls_total', help: 'C"\\\n', labelNames: ['id'], registers })
      counter.inc({ id: 'a"\\\nb' }, 2)
      const histogram = new client.Histogram({ name: 'their_took', help: 'h', buckets: [0.5, 1], registers })
      histogram.observe(1)
      const summary = new client.Summary({ name: 'their_wait', help: 's', percentiles: [0.5, 1], registers })
      summary.observe(3)
      new client.Gauge({ name: 'their_gauge', help: 'g', registers }).set(Number.NaN)
      return register
    }

    it('are on the page in both formats, whichever is their own', async () => {
      for (const contentType of [PROMETHEUS_CONTENT_TYPE, OPENMETRICS_CONTENT_TYPE]) {
        const register = filled(contentType)
        // This renames its counters when it writes OpenMetrics.
        await register.metrics()
        const { included, failed } = including([register])
        for (const format of ['text', 'openmetrics'] as const) {
          const page = (await included.text(format, undefined)) + (format === 'text' ? '' : '# EOF\n')
          const [calls, took, wait, gauge] = parsePage(page, format)
          assert.equal(calls?.name, format === 'text' ? 'their_calls_total' : 'their_calls')
          assert.equal(calls?.help, 'C"\\\n')
          assert.deepEqual(calls?.samples, [{ name: 'their_calls_total', labels: { id: 'a"\\\nb' }, value: '2' }])
          assert.deepEqual(
            took?.samples.map(({ name, labels, value }) => [name, labels['le'], value]),
            [
              ['their_took_bucket', '0.5', '0'],
              ['their_took_bucket', format === 'text' ? '1' : '1.0', '1'],
              ['their_took_bucket', '+Inf', '1'],
              ['their_took_sum', undefined, '1'],
              ['their_took_count', undefined, '1'],
            ],
          )
          assert.deepEqual(
            wait?.samples.map(({ labels, value }) => [labels['quantile'], value]),
            [
              ['0.5', '3'],
              [format === 'text' ? '1' : '1.0', '3'],
              [undefined, '3'],
              [undefined, '1'],
            ],
          )
          assert.equal(gauge?.samples[0]?.value, 'NaN')
        }
        assert.deepEqual(failed, [])
      }
    })

    it('have their default labels and, in OpenMetrics, their exemplars', async () => {
      const register: promClient.Registry = new client.Registry() as never
      register.setContentType(OPENMETRICS_CONTENT_TYPE as never)
      register.setDefaultLabels({ app: 'x' })
      const registers = [register as never]
      const counter = new client.Counter({ name: 'c_total', help: 'c', registers, enableExemplars: true })
      counter.inc({ value: 2, exemplarLabels: { trace_id: 'abc' } } as never)
      const { included } = including([register])
      const [family] = parsePage(`${await included.text('openmetrics', undefined)}# EOF\n`, 'openmetrics')
      assert.deepEqual(family?.samples[0]?.labels, { app: 'x' })
      assert.deepEqual(family?.samples[0]?.exemplar?.labels, { trace_id: 'abc' })
      assert.equal(parsePage(await included.text('text', undefined), 'text')[0]?.samples[0]?.exemplar, undefined)
    })

    it('are left out when they would be mixed up with one of ours, or with each other', async () => {
      const registers = [filled(PROMETHEUS_CONTENT_TYPE), filled(PROMETHEUS_CONTENT_TYPE)]
      registers[1]?.removeSingleMetric('their_gauge')
      const { included, failed, claims } = including(registers)
      claims.claim({ kind: 'gauge', spec: checkSpec({ name: 'their.took.sum' }) })
      const page = await included.text('text', undefined)
      assert.deepEqual(
        parsePage(page, 'text').map(({ name }) => name),
        ['their_calls_total', 'their_wait', 'their_gauge'],
      )
      assert.deepEqual(
        failed.map(({ metric }) => metric),
        ['their_took', 'their_calls_total', 'their_took', 'their_wait'],
      )
      assert.match(String(failed[0]?.error), /their_took is not shown: .* from metric their\.took\.sum$/)
      assert.match(String(failed[1]?.error), /their_calls_total is not shown: .* an included registry$/)
    })

    it('are the ones asked for by name', async () => {
      const { included } = including([filled(PROMETHEUS_CONTENT_TYPE)])
      const page = await included.text('text', new Set(['their_calls', 'their_took_count']))
      assert.deepEqual(
        parsePage(page, 'text').map(({ name }) => name),
        ['their_calls_total', 'their_took'],
      )
    })

    it('take nothing else with them when one gives nonsense', async () => {
      const strange = filled(PROMETHEUS_CONTENT_TYPE)
      for (const [name, type] of [
        ['strange', 'gauge'],
        ['stranger', 'enum'],
      ]) {
        const get = async () => ({ name, help: 's', type, values: [null] })
        strange.registerMetric({ name, get } as never)
      }
      const { included, failed } = including([strange])
      assert.equal(parsePage(await included.text('text', undefined), 'text').length, 4)
      assert.deepEqual(
        failed.map(({ metric }) => metric),
        ['strange', 'stranger'],
      )
    })

    it('take nothing else with them when one cannot be read', async () => {
      const broken = filled(PROMETHEUS_CONTENT_TYPE)
      new client.Gauge({
        name: 'broken',
        help: 'b',
        registers: [broken as never],
        collect: () => {
          throw new Error('no value')
        },
      })
      const { included, failed } = including([broken, filled(PROMETHEUS_CONTENT_TYPE)])
      assert.equal(parsePage(await included.text('text', undefined), 'text').length, 4)
      assert.deepEqual(
        failed.map(({ metric, error }) => [metric, String(error)]),
        [[undefined, 'Error: no value']],
      )
    })
  })
}

describe('IncludedRegisters', () => {
  it('warns once of each thing that is wrong', async (t) => {
    const warn = t.mock.method(console, 'warn', () => {})
    const register = new promClient.Registry()
    new promClient.Gauge({ name: 'up', help: 'u', registers: [register] })
    const included = new IncludedRegisters([register, register], new NameClaims())
    await included.text('text', undefined)
    await included.text('text', undefined)
    assert.deepEqual(
      warn.mock.calls.map(({ arguments: [text] }) => text),
      ['servicekit: included metric up is not shown: Prometheus could not tell it from one of an included registry'],
    )
  })
})
