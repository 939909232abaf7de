// Tests of connection-sweep.ts, in real time, as the limits of node:http are.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from '../../testing/eventually.ts'
import { ConnectionSweep } from './connection-sweep.ts'

class Connection {
  isIdle = true
  idleLooks = 0
  destroyed = 0

  destroy(): void {
    this.destroyed++
  }

  finishSoon(): void {
    if (this.isIdle) this.destroyed++
  }
}

describe('ConnectionSweep', () => {
  it('closes what was idle for longer than the limit, and nothing else', async () => {
    const sweep = new ConnectionSweep(20)
    const [idle, busy, left] = [new Connection(), new Connection(), new Connection()]
    busy.isIdle = false
    for (const connection of [idle, busy, left]) sweep.add(connection)
    sweep.delete(left)
    await eventually(() => idle.destroyed > 0)
    sweep.stop()
    assert.deepEqual([busy.destroyed, left.destroyed], [0, 0])
  })

  it('begins anew with each request', async () => {
    const sweep = new ConnectionSweep(20)
    const [idle, used] = [new Connection(), new Connection()]
    Object.defineProperty(used, 'idleLooks', { get: () => 0, set: () => {} })
    for (const connection of [idle, used]) sweep.add(connection)
    await eventually(() => idle.destroyed > 1)
    sweep.stop()
    assert.equal(used.destroyed, 0)
  })

  it('has all finish when it is asked to', () => {
    const sweep = new ConnectionSweep(Infinity)
    const [idle, busy] = [new Connection(), new Connection()]
    busy.isIdle = false
    for (const connection of [idle, busy]) sweep.add(connection)
    sweep.finish()
    assert.deepEqual([idle.destroyed, busy.destroyed], [1, 0])
  })

  it('sets no timer where nothing is limited, nor when the last connection has gone', () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const endless = new ConnectionSweep(Infinity)
    endless.add(new Connection())
    const sweep = new ConnectionSweep(1_000)
    const connection = new Connection()
    sweep.add(connection)
    sweep.delete(connection)
    assert.equal(timers(), before)
  })
})
