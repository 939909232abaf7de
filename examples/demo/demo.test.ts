// The demo as a newcomer runs it: to its end, and to all the ends that it may come to before.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { eventually } from 'servicekit/testing/eventually'

const main = join(import.meta.dirname, 'main.ts')
// Three processes start, on a machine that does other things.
const limitMs = 60_000

/** A demo that runs, with a folder for temporary files of its own. */
class Demo implements Disposable {
  readonly child: ChildProcess
  readonly folder: string = mkdtempSync(join(tmpdir(), 'servicekit-demo-test-'))
  readonly ended: Promise<unknown[]>
  said = ''

  constructor(args: readonly string[], temporary: string = this.folder) {
    const env = { ...process.env, TMPDIR: temporary }
    this.child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.ended = once(this.child, 'exit')
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (more: string) => {
        this.said += more
      })
  }

  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null
    await eventually(() => {
      found = pattern.exec(this.said)
      assert.ok(found, this.said)
    }, limitMs)
    return found as unknown as RegExpExecArray
  }

  /** The processes of the instances, as their leases name them. */
  pids(): number[] {
    const leases = globSync(join(this.folder, '*', 'stringsvc', '*.json'))
    return leases.map((file) => JSON.parse(readFileSync(file, 'utf8')).owner.pid)
  }

  /** Nothing that it has started runs, and the proxy does not answer. */
  async isGone(pids: readonly number[], url: string): Promise<void> {
    const isThere = (pid: number) => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    await eventually(async () => {
      assert.deepEqual(pids.filter(isThere), [])
      await assert.rejects(fetch(url))
    }, limitMs)
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const isReady = /the proxy is at (http:\S+);/

describe('the demo', { skip: process.platform === 'win32' && 'it needs signals' }, () => {
  it('loses no call of at least 20,000, whatever happens to the instances, and tells of it as one object', async () => {
    using demo = new Demo(['--json', '--port', '0'])
    const stdout = text(demo.child.stdout as NonNullable<ChildProcess['stdout']>)
    const [code] = await demo.ended
    const lines = (await stdout).split('\n')
    assert.equal(lines.length, 2, demo.said)
    const { calls, failed, retried, p50Ms, p99Ms, instances, events } = JSON.parse(lines[0] ?? '')
    assert.deepEqual([failed, code], [0, 0], demo.said)
    assert.ok(calls >= 20_000, `${calls}`)
    assert.ok(p50Ms > 0 && p50Ms <= p99Ms)
    const ids = instances.map(({ id }: { id: string }) => id)
    assert.deepEqual(ids.toSorted(), ['a', 'b', 'c', 'd'])
    const attempts = instances.reduce((sum: number, one: { calls: number }) => sum + one.calls, 0)
    assert.equal(attempts, calls + retried)
    const kinds = events.map(({ kind }: { kind: string }) => kind)
    assert.deepEqual(kinds, ['killed', 'added', 'slowed', 'restarted'])
    const [killed, added, slowed, restarted] = events
    assert.ok(killed.outAfterMs > 0 && killed.failedThere <= retried, JSON.stringify(killed))
    assert.ok(added.foundAfterMs > 0 && added.share > 0, JSON.stringify(added))
    assert.ok(slowed.shareAfter < slowed.shareBefore, JSON.stringify(slowed))
    assert.ok(restarted.failedThere === 0 && restarted.backAfterMs > restarted.endedAfterMs, JSON.stringify(restarted))
    assert.deepEqual(readdirSync(demo.folder), [])
  })

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`ends all of its processes on ${signal}, and leaves nothing behind`, async () => {
      using demo = new Demo(['--port', '0'])
      const [, url = ''] = await demo.says(isReady)
      const pids = demo.pids()
      assert.equal(pids.length, 3)
      demo.child.kill(signal)
      assert.deepEqual(await demo.ended, [status, null])
      await demo.isGone(pids, url)
      assert.deepEqual(readdirSync(demo.folder), [])
      assert.doesNotMatch(demo.said, /demo:/)
    })
  }

  it('ends all of its processes when it is killed itself', async () => {
    using demo = new Demo(['--port', '0'])
    const [, url = ''] = await demo.says(isReady)
    const pids = demo.pids()
    demo.child.kill('SIGKILL')
    await demo.isGone(pids, url)
  })

  it('ends all of its processes while it starts them', async () => {
    using demo = new Demo(['--port', '0'])
    await eventually(() => assert.ok(demo.pids().length > 0), limitMs)
    const pids = demo.pids()
    demo.child.kill('SIGINT')
    assert.deepEqual(await demo.ended, [130, null])
    await demo.isGone(pids, 'http://127.0.0.1:1')
    assert.deepEqual(readdirSync(demo.folder), [])
  })

  it('ends when nobody reads what it says', async () => {
    using demo = new Demo(['--port', '0'])
    const [, url = ''] = await demo.says(isReady)
    const pids = demo.pids()
    demo.child.stdout?.destroy()
    await demo.ended
    await demo.isGone(pids, url)
    assert.deepEqual(readdirSync(demo.folder), [])
  })

  it('says so when an instance ends that should not, and fails', async () => {
    using demo = new Demo(['--port', '0'])
    const [, url = ''] = await demo.says(isReady)
    const pids = demo.pids()
    process.kill(pids[0] ?? 0, 'SIGKILL')
    assert.deepEqual(await demo.ended, [1, null])
    assert.match(demo.said, /^demo: instance [abc] ended, which is no part of the story$/m)
    await demo.isGone(pids, url)
  })

  it('takes the next port where that one is taken, and says so', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    using demo = new Demo(['--port', `${port}`])
    const [, url = ''] = await demo.says(isReady)
    taken.close()
    assert.ok(Number(new URL(url).port) > port)
    assert.match(demo.said, new RegExp(`^port ${port} is taken: the proxy has the next one that is free$`, 'm'))
    demo.child.kill('SIGTERM')
    await demo.ended
  })

  it('says so when there is no next port', async () => {
    const taken = createServer().listen(65_535, '127.0.0.1')
    await once(taken, 'listening')
    using demo = new Demo(['--port', '65535'])
    assert.deepEqual(await demo.ended, [1, null])
    taken.close()
    await demo.says(/^demo: the proxy did not start: cannot listen on 127\.0\.0\.1:65535: it is taken already/m)
    assert.deepEqual(readdirSync(demo.folder), [])
  })

  it('says what to do when it can write nowhere', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'servicekit-demo-test-'))
    const file = join(folder, 'file')
    writeFileSync(file, '')
    using demo = new Demo(['--port', '0'], file)
    assert.deepEqual(await demo.ended, [1, null])
    await demo.says(
      /^demo: nothing can be written in .*\/file \(ENOTDIR\): set TMPDIR to a folder that this user can write to$/m,
    )
    rmSync(folder, { recursive: true })
  })
})
