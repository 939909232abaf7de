// Proves that the Prometheus of the tests is the real one: it scrapes, it is asked, and promtool reads its format.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { eventually } from '../../src/testing/eventually.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'

const metrics = '# HELP proof_total Proofs so far.\n# TYPE proof_total counter\nproof_total{kind="real"} 7\n'

async function api(path: string): Promise<{ readonly status: string; readonly data: never }> {
  return await (await fetch(`${addressOf('prometheus')}/api/v1/${path}`)).json()
}

function promtool(input: string) {
  return spawnSync(addressOf('prometheus', 'promtool'), ['check', 'metrics'], { input, encoding: 'utf8' })
}

describe('Prometheus', skipUnless('prometheus'), () => {
  it('says what it is', async () => {
    const { status, data } = await api('status/buildinfo')
    assert.equal(status, 'success')
    assert.match((data as { version: string }).version, /^\d+\.\d+\.\d+/)
  })

  it('scrapes what a test puts among its targets, and answers queries about it', async () => {
    await using page = createServer((_, response) => response.end(metrics)).listen(0, '127.0.0.1')
    await once(page, 'listening')
    const instance = `127.0.0.1:${(page.address() as AddressInfo).port}`
    const file = join(addressOf('prometheus', 'targets'), 'proof.json')
    await writeFile(file, JSON.stringify([{ targets: [instance] }]))

    const query = `query?query=${encodeURIComponent(`proof_total{instance="${instance}"}`)}`
    const { metric, value } = await eventually(async () => {
      const { data } = await api(query)
      return (data as { result: [{ metric: Record<string, string>; value: [number, string] }] }).result[0] ?? false
    }, 20_000)
    assert.deepEqual([metric['kind'], metric['job'], value[1]], ['real', 'tests', '7'])
    page.closeAllConnections()
  })

  it('comes with promtool, which tells good text from bad', () => {
    assert.deepEqual([promtool(metrics).status, promtool(metrics).stderr], [0, ''])
    assert.equal(promtool('proof_total{ 7\n').status, 1)
    const lint = promtool('# TYPE proof counter\nproof 7\n')
    assert.deepEqual([lint.status, /counter metrics should have "_total" suffix/.test(lint.stderr)], [3, true])
  })
})
