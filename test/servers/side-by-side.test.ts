// Proves that programs side by side live and end together.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { eventually } from '../../src/testing/eventually.ts'
import type { Launch } from './server.ts'
import { sideBySide } from './side-by-side.ts'

const program = (code: string) => ({ command: process.execPath, args: ['-e', code] })
const stays = (name: string) =>
  program(`process.once('SIGTERM', () => { console.log('${name} ends'); process.exit() })
setInterval(() => {}, 1e6); console.log('${name}')`)

/** In a group of its own, which ends with the test. */
function start(...launches: readonly Launch[]) {
  const { command, args } = sideBySide(...launches)
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    // With it a child would report to the runner of the tests.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    detached: true,
  })
  const lines: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trimEnd().split('\n')))
  const ended = once(child, 'close')
  return {
    child,
    lines,
    ended,
    [Symbol.asyncDispose]: async () => {
      try {
        process.kill(-(child.pid as number), 'SIGKILL')
      } catch {
        // All have ended.
      }
      await ended
    },
  }
}

describe('sideBySide', { timeout: 20_000 }, () => {
  it('ends the last one first when it is told to end', async () => {
    await using it = start(stays('store'), stays('server'))
    await eventually(() => it.lines.length === 2, 10_000)
    it.child.kill('SIGTERM')
    const [status] = await it.ended
    assert.deepEqual([status, it.lines.slice(2)], [0, ['server ends', 'store ends']])
  })

  it('ends all when one ends by itself, or cannot be started', async () => {
    for (const other of [program(''), { command: '/nowhere/program', args: [] }]) {
      await using it = start(program('setInterval(() => {}, 1e6)'), other)
      const [status] = await it.ended
      assert.deepEqual([status, it.lines], [0, []])
    }
  })

  it('does not wait for one that does not want to end', async () => {
    await using it = start(
      stays('store'),
      program("process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log('server')"),
    )
    await eventually(() => it.lines.length === 2, 10_000)
    it.child.kill('SIGTERM')
    const [status] = await it.ended
    assert.deepEqual([status, it.lines.slice(2)], [0, ['store ends']])
  })

  it('gives each its own environment', async () => {
    await using it = start({ ...program('console.log(process.env.OF)'), env: { OF: 'one' } })
    await it.ended
    assert.deepEqual(it.lines, ['one'])
  })
})
