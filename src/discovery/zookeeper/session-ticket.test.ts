// Tests of session-ticket.ts: the first packets, as ClientCnxn and ZooKeeperServer have them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JuteWriter } from './jute-writer.ts'
import { authRequest, connectRequest, readGrant } from './session-ticket.ts'

const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex')
const packetOf = (writer: JuteWriter) => Buffer.from(writer.frame().subarray(4))
const secret = Buffer.alloc(16, 7)

describe('the greeting', () => {
  it('asks for a session, and never for one of a server that may only be read', () => {
    const ticket = { id: 0x0102n, password: secret, timeoutMs: 4_000 }
    const zeros = '00000000'
    const expected = `0000002d${zeros}00000000000000ff00000fa0000000000000010200000010${'07'.repeat(16)}00`
    assert.equal(hex(connectRequest(ticket, 255n)), expected)
  })

  it('is answered with a session, by old servers without a word on reading only', () => {
    const granted = () => new JuteWriter().int(0).int(4_000).long(5n).buffer(secret)
    const grant = readGrant(packetOf(granted()))
    assert.deepEqual(
      [grant.id, grant.timeoutMs, grant.isReadOnly, hex(grant.password)],
      [5n, 4_000, false, '07'.repeat(16)],
    )
    assert.equal(readGrant(packetOf(granted().bool(true))).isReadOnly, true)
    assert.equal(readGrant(packetOf(granted().bool(false))).isReadOnly, false)
  })

  it('is answered with none for a session of before, in either way', () => {
    assert.equal(readGrant(packetOf(new JuteWriter().int(0).int(0).long(7n).buffer(secret))).id, 0n)
    assert.equal(readGrant(packetOf(new JuteWriter().int(0).int(4_000).long(0n).buffer(secret))).id, 0n)
  })

  it('of another protocol is refused', () => {
    assert.throws(() => readGrant(packetOf(new JuteWriter().int(9).int(1).long(1n).buffer(secret))), /version 9/)
    assert.throws(() => readGrant(Buffer.from([0, 0])), { message: 'the packet ends too early' })
  })

  it('says who we are by the scheme digest', () => {
    const text = (value: string) => `${hex(new JuteWriter().text(value).frame()).slice(8)}`
    assert.equal(
      hex(authRequest({ user: 'u', password: 'p:q' })),
      `0000001f${'fffffffc'}${'00000064'}00000000${text('digest')}${text('u:p:q')}`,
    )
  })
})
