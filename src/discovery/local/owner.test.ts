import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { describe, it } from 'node:test'
import { eventually } from '../../testing/eventually.ts'
import { hasEnded, thisOwner, thisPlace } from './owner.ts'

const noProc = existsSync('/proc/self/stat') ? false : 'there is no /proc here'

describe('owner', () => {
  it('knows this process, which lives', () => {
    const owner = thisOwner()
    assert.equal(owner.pid, process.pid)
    assert.equal(owner.place, thisPlace())
    assert.ok(owner.place.startsWith(hostname()))
    assert.deepEqual(thisOwner(), owner)
    for (const thoroughly of [false, true]) assert.equal(hasEnded(owner, thoroughly), false)
  })

  it('says the boot and the namespace of pids, so that no pid is looked for where it means another', {
    skip: noProc,
  }, () => {
    assert.match(thisPlace(), / [0-9a-f-]{36} pid:\[\d+\]$/)
  })

  it('knows that a process has ended', { timeout: 20_000 }, async () => {
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
    const owner = { ...thisOwner(), pid: child.pid as number }
    await once(child, 'exit')
    for (const thoroughly of [false, true]) assert.equal(hasEnded(owner, thoroughly), true)
  })

  it('does not take who has the pid now for who had it', { skip: noProc }, () => {
    const before = { ...thisOwner(), startedAt: '1' }
    assert.equal(hasEnded(before, true), true)
    assert.equal(hasEnded(before, false), false)
  })

  it('takes one that it knows nothing more of for alive', () => {
    assert.equal(hasEnded({ ...thisOwner(), startedAt: undefined }, true), false)
  })

  it('knows that a process has ended which nobody has buried', { skip: noProc, timeout: 20_000 }, async () => {
    // The shell becomes a program that knows of no child, and tells the pid of the one that it had.
    const child = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const [line] = await once(child.stdout, 'data')
      const owner = { ...thisOwner(), pid: Number(String(line)), startedAt: '1' }
      const stat = readFileSync(`/proc/${owner.pid}/stat`, 'latin1')
      const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
      await eventually(() => hasEnded({ ...owner, startedAt }, true))
      assert.equal(hasEnded({ ...owner, startedAt }, false), false)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
