// Tests of datagram-connection.ts: what is sent, what is refused, and where it goes.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { LookupFunction } from 'node:net'
import { describe, it } from 'node:test'
import { RecordingOwner } from '../../test/platform/owner.ts'
import { datagramReceiver, unusedPort } from '../../test/platform/receivers.ts'
import { eventually } from '../testing/eventually.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { DatagramConnection } from './datagram-connection.ts'
import { type DatagramAddress, socketAddress } from './socket-address.ts'
import { checkedSocketOptions, type SocketOptions } from './socket-options.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function begin(address: string, options: SocketOptions = {}, avoid?: string) {
  const clock = manualClock()
  const owner = new RecordingOwner()
  const checked = checkedSocketOptions({ clock, ...options })
  const connection = new DatagramConnection(socketAddress(address) as DatagramAddress, checked, owner, avoid)
  return { clock, owner, connection }
}

async function open(address: string, options?: SocketOptions, avoid?: string) {
  const begun = begin(address, options, avoid)
  await eventually(() => begun.owner.opened === 1)
  return begun
}

/** Finds these addresses; without any it fails. */
const finds =
  (...addresses: string[]): LookupFunction =>
  (_name, _options, found) => {
    const error = addresses.length === 0 ? new Error('no such name') : null
    setImmediate(
      found,
      error,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }

describe('a connection of datagrams', () => {
  it('takes nothing before it is open, then sends each chunk by itself, and answers for it', async () => {
    await using receiver = await datagramReceiver()
    const { clock, owner, connection } = begin(receiver.address)
    assert.equal(connection.send(bytes('early')), false)
    await eventually(() => owner.opened === 1)
    assert.equal(clock.pending, 0)
    for (const text of ['a', 'b', 'c']) assert.equal(connection.send(bytes(text)), true)
    assert.deepEqual(owner.answers, [])
    await eventually(() => receiver.heard.length === 3)
    assert.deepEqual(receiver.heard.map(String), ['a', 'b', 'c'])
    await eventually(() => owner.answers.length === 3)
    await connection.end()
    assert.deepEqual([owner.answers, owner.lost], [['taken', 'taken', 'taken'], ['it was closed']])
    assert.equal(connection.send(bytes('late')), false)
  })

  it('counts all as lost that nobody listens to on this machine, and goes on', async () => {
    const port = await unusedPort()
    const { owner, connection } = await open(`udp://127.0.0.1:${port}`)
    // By fours, as one by one, and from wherever in the event loop.
    for (let round = 0; round < 25; round++) {
      const count = round % 2 === 0 ? 4 : 1
      const before = owner.answers.length
      for (let n = 0; n < count; n++) assert.equal(connection.send(bytes('x')), true)
      await eventually(() => owner.answers.length === before + count)
    }
    assert.deepEqual(new Set(owner.answers), new Set(['nobody listens there']))
    assert.deepEqual(owner.lost, [])
    assert.ok(owner.troubles.length >= 25)
    await using receiver = await datagramReceiver(port)
    connection.send(bytes('here you are'))
    await eventually(() => receiver.text === 'here you are')
    await eventually(() => owner.answers.at(-1) === 'taken')
    await connection.end()
  })

  it('says of a datagram that is too long, once, and suffers no harm', async () => {
    await using receiver = await datagramReceiver()
    const { owner, connection } = await open(receiver.address)
    connection.send(bytes('a'))
    for (let n = 0; n < 3; n++) assert.equal(connection.send(new Uint8Array(66_000)), true)
    connection.send(bytes('b'))
    await eventually(() => owner.answers.length === 5)
    assert.equal(owner.answers[0], 'taken')
    for (const answer of owner.answers.slice(1, 4)) assert.match(answer, /EMSGSIZE/)
    assert.equal(owner.answers[4], 'taken')
    assert.deepEqual([owner.faults, owner.troubles], [['a datagram is too long for the way there'], []])
    await eventually(() => receiver.text === 'ab')
    await connection.end()
  })

  it('throws away what comes back', async () => {
    const echo = createSocket('udp4', (datagram, { port, address }) => echo.send(datagram, port, address))
    echo.bind(0, '127.0.0.1')
    await once(echo, 'listening')
    const { owner, connection } = await open(`udp://127.0.0.1:${echo.address().port}`)
    for (let n = 1; n <= 10; n++) {
      connection.send(bytes('x'))
      await eventually(() => owner.answers.length === n)
    }
    assert.deepEqual([owner.troubles, owner.lost], [[], []])
    await connection.end()
    echo.close()
  })

  it('takes no more in one turn of the event loop than there can be answers for', async () => {
    await using receiver = await datagramReceiver()
    const { owner, connection } = await open(receiver.address)
    let sent = 0
    // What the system says at once changes nothing: whether anybody listens is known when the loop has turned.
    for (let times = 0; times < 3; times++) {
      while (connection.send(bytes('x'))) sent++
      await new Promise((resolve) => process.nextTick(resolve))
    }
    assert.deepEqual([sent, owner.ready], [4_096, 0])
    await eventually(() => owner.answers.length === sent)
    assert.equal(owner.ready, 1)
    assert.equal(connection.send(bytes('last')), true)
    await connection.end()
    assert.equal(owner.answers.length, sent + 1)
  })

  it('goes to the first address of a name, and past the one that did not work to the next', async () => {
    await using receiver = await datagramReceiver()
    const address = `udp://statsd.test:${receiver.port}`
    const lookup = finds('127.0.0.1', '127.0.0.2', '::1')
    for (const [avoid, peer] of [
      [undefined, '127.0.0.1'],
      ['127.0.0.1', '127.0.0.2'],
      ['127.0.0.2', '::1'],
      ['::1', '127.0.0.1'],
      ['127.0.0.3', '127.0.0.1'],
    ] as const) {
      const { connection } = await open(address, { lookup }, avoid)
      assert.equal(connection.peer, peer)
      await connection.end()
    }
  })

  it('without an address is lost', async () => {
    const { clock, owner, connection } = begin('udp://statsd.test:1', { lookup: finds() })
    await eventually(() => owner.lost.length === 1)
    assert.deepEqual([owner.lost, owner.opened, clock.pending], [['no such name'], 0, 0])
    assert.equal(connection.send(bytes('x')), false)
    await connection.end()
  })

  it('does not wait for a name without end, and takes no late one', async () => {
    let answer = () => {}
    const { clock, owner, connection } = begin('udp://statsd.test:1', {
      lookup: (_name, _options, found) => {
        answer = () => found(null, '127.0.0.1', 4)
      },
    })
    await clock.advance(4_999)
    assert.deepEqual(owner.lost, [])
    await clock.advance(1)
    assert.deepEqual(owner.lost, ['it took longer to find than 5s'])
    answer()
    await clock.settle()
    assert.deepEqual([owner.opened, connection.peer], [0, undefined])
    await connection.end()
  })

  it('looks its name up again with the first datagram after a minute, and says when it has moved', async () => {
    await using receiver = await datagramReceiver()
    let addresses = ['127.0.0.1', '127.0.0.2']
    let asked = 0
    const lookup: LookupFunction = (name, options, found) => {
      asked++
      finds(...addresses)(name, options, found)
    }
    const { clock, owner, connection } = await open(`udp://statsd.test:${receiver.port}`, { lookup })
    const send = async () => {
      connection.send(bytes('x'))
      await clock.settle()
      await clock.settle()
    }
    await clock.advance(59_999)
    await send()
    assert.equal(asked, 1)
    await clock.advance(1)
    assert.equal(asked, 1)
    for (let n = 0; n < 3; n++) connection.send(bytes('x'))
    await send()
    assert.equal(asked, 2)
    // It still is one of them, and then nobody knows.
    addresses = ['127.0.0.2', '127.0.0.1']
    await clock.advance(60_000)
    await send()
    addresses = []
    await clock.advance(60_000)
    await send()
    assert.deepEqual([asked, owner.moved, owner.lost], [4, 0, []])
    addresses = ['127.0.0.2']
    await clock.advance(60_000)
    await send()
    assert.deepEqual([asked, owner.moved], [5, 1])
    assert.equal(clock.pending, 0)
    await connection.end()
  })

  it('to an address needs no name', async () => {
    await using receiver = await datagramReceiver()
    const lookup = () => assert.fail('there is no name')
    const { clock, connection, owner } = await open(receiver.address, { lookup })
    await clock.advance(3_600_000)
    connection.send(bytes('x'))
    await eventually(() => owner.answers.length === 1)
    await connection.end()
  })

  it('ends at once before it is open', async () => {
    for (const address of ['udp://statsd.test:1', 'udp://127.0.0.1:1']) {
      const { clock, connection, owner } = begin(address, { lookup: () => {} })
      await connection.end()
      assert.deepEqual([owner.lost, owner.opened, clock.pending], [['it was closed'], 0, 0])
      await clock.settle()
      await connection.end()
      assert.deepEqual([owner.lost.length, owner.opened], [1, 0])
    }
  })

  it('that is destroyed answers for all, once', async () => {
    await using receiver = await datagramReceiver()
    const { owner, connection } = await open(receiver.address)
    for (let n = 0; n < 3; n++) connection.send(bytes('x'))
    connection.destroy()
    connection.destroy()
    assert.deepEqual([owner.answers.length, owner.lost], [3, ['it was closed']])
    await eventually(() => receiver.heard.length === 3)
    assert.equal(owner.answers.length, 3)
  })

  it('that is destroyed when the system has taken all has no doubt left', async () => {
    await using receiver = await datagramReceiver()
    const { owner, connection } = await open(receiver.address)
    connection.send(bytes('x'))
    await new Promise((resolve) => process.nextTick(resolve))
    assert.deepEqual(owner.answers, [])
    connection.destroy()
    assert.deepEqual(owner.answers, ['taken'])
  })

  it('goes over IPv6', async () => {
    const receiver = createSocket('udp6')
    const heard = once(receiver, 'message')
    receiver.bind(0, '::1')
    await once(receiver, 'listening')
    const { connection } = await open(`udp://[::1]:${receiver.address().port}`)
    connection.send(bytes('six'))
    assert.equal(String((await heard)[0]), 'six')
    await connection.end()
    receiver.close()
  })
})
