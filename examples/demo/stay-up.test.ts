import assert from 'node:assert/strict'
import { exec } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from 'servicekit/testing/eventually'
import { Screen } from './screen.ts'
import { Stage } from './stage.ts'
import { stayUp } from './stay-up.ts'

const run = promisify(exec)

describe('stayUp', { skip: process.platform === 'win32' && 'it needs signals' }, () => {
  it('shows lines that work as they are, and goes on without the instance that one of them kills', async () => {
    let written = ''
    const losses: string[] = []
    const output = {
      write: (text: string) => {
        written += text
      },
    }
    const screen = new Screen({ output, environment: {} })
    await using stage = await Stage.set({ port: 0, callsPerSecond: 50, onLoss: (what) => losses.push(what) })
    using _ = stayUp(stage, screen)
    const lines = written.split('\n').filter((line) => line.startsWith('  '))
    assert.equal(lines.length, 4)
    const printed: string[] = []
    for (const line of lines) printed.push((await run(line)).stdout.trim())
    const [uppercase, count, metrics = '', killed] = printed
    assert.deepEqual([uppercase, count, killed], ['{"v":"HELLO, WORLD","err":null}', '{"v":12}', ''])
    assert.match(metrics, /^rpc_client_instances\{rpc_service="stringsvc",state="known"\} 3$/m)
    await eventually(() => {
      assert.deepEqual(losses, ['instance a ended'])
      assert.match(written, / a gone /)
    }, 30_000)
    const { sent } = stage.driver
    await eventually(() => assert.ok(stage.driver.sent > sent + 20), 30_000)
    assert.equal(stage.driver.failed, 0)
  })
})
