// The page of the stringsvc2 examples, as promtool reads it.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { eventually } from '../../src/testing/eventually.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'

const folder = join(import.meta.dirname, '../../examples/stringsvc/stringsvc2')

describe('the metrics of stringsvc2', skipUnless('prometheus'), () => {
  for (const file of ['main.ts', 'presets.ts']) {
    it(`are in the text format: ${file}`, async () => {
      const program = spawn(process.execPath, [join(folder, file), '--port', '0', '--host', '127.0.0.1'])
      try {
        let printed = ''
        program.stdout.setEncoding('utf8').on('data', (text: string) => {
          printed += text
        })
        await eventually(() => assert.match(printed, /url=http/), 10_000)
        const url = /http:\S+/.exec(printed)?.[0]
        for (const s of ['hello', '']) {
          await (await fetch(`${url}/uppercase`, { method: 'POST', body: JSON.stringify({ s }) })).text()
          await (await fetch(`${url}/count`, { method: 'POST', body: JSON.stringify({ s }) })).text()
        }
        const page = await (await fetch(`${url}/metrics`)).text()
        assert.match(page, /^# TYPE /m)
        const { status, stderr } = spawnSync(addressOf('prometheus', 'promtool'), ['check', 'metrics'], { input: page })
        // 3 is advice on names, 1 a line that it cannot read.
        assert.ok(status === 0 || status === 3, `${status}: ${stderr}`)
      } finally {
        program.kill('SIGTERM')
        await once(program, 'exit')
      }
    })
  }
})
