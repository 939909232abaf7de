// Tests of handshakes.ts; test/scenarios/http has real ones.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { Handshakes } from './handshakes.ts'

class FakeSocket extends EventEmitter {
  readonly remoteAddress = '10.0.0.1'
  readonly remotePort: number
  destroyed = 0

  constructor(remotePort: number) {
    super()
    this.remotePort = remotePort
  }

  destroy(): void {
    this.destroyed++
  }
}

describe('Handshakes', () => {
  it('closes those that are under way, and none that has ended', () => {
    const handshakes = new Handshakes()
    const [open, made, closed] = [new FakeSocket(1), new FakeSocket(2), new FakeSocket(3)]
    for (const socket of [open, made, closed]) handshakes.begin(socket as unknown as Socket)
    handshakes.end(new FakeSocket(2) as unknown as Socket)
    closed.emit('close')
    handshakes.destroy()
    assert.deepEqual([open.destroyed, made.destroyed, closed.destroyed], [1, 0, 0])
  })

  it('tells a caller’s new connection from an old one of the same address', () => {
    const handshakes = new Handshakes()
    const [old, fresh] = [new FakeSocket(1), new FakeSocket(1)]
    for (const socket of [old, fresh]) handshakes.begin(socket as unknown as Socket)
    old.emit('close')
    handshakes.destroy()
    assert.equal(fresh.destroyed, 1)
  })
})
