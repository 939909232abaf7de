// Tests of stream-connection.ts: what is taken and what is lost, over TCP, TLS and Unix streams.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pem } from '../../test/platform/http-servers.ts'
import { RecordingOwner } from '../../test/platform/owner.ts'
import { encryptedReceiver, streamReceiver, unusedPort } from '../../test/platform/receivers.ts'
import { eventually } from '../testing/eventually.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type StreamAddress, socketAddress } from './socket-address.ts'
import { checkedSocketOptions, type SocketOptions } from './socket-options.ts'
import { StreamConnection } from './stream-connection.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function begin(address: string, options: SocketOptions = {}) {
  const clock = manualClock()
  const owner = new RecordingOwner()
  const checked = checkedSocketOptions({ clock, ...options })
  const connection = new StreamConnection(socketAddress(address) as StreamAddress, checked, owner)
  return { clock, owner, connection }
}

async function open(address: string, options?: SocketOptions) {
  const begun = begin(address, options)
  await eventually(() => begun.owner.opened === 1)
  return begun
}

/** Sends until the system takes no more. Returns how many chunks were taken over. */
function fill(connection: StreamConnection, chunk = new Uint8Array(65_536)): number {
  for (let sent = 0; ; sent++) if (!connection.send(chunk)) return sent
}

describe('a connection of a stream', () => {
  it('takes nothing before it is open, then all in order, and answers for each chunk', async () => {
    await using receiver = await streamReceiver()
    const { owner, connection, clock } = begin(receiver.address)
    assert.equal(connection.send(bytes('early')), false)
    await eventually(() => owner.opened === 1)
    for (const text of ['a\n', 'b\n', 'c\n']) assert.equal(connection.send(bytes(text)), true)
    assert.deepEqual(owner.answers, [])
    await eventually(() => receiver.text === 'a\nb\nc\n')
    assert.deepEqual(owner.answers, ['taken', 'taken', 'taken'])
    assert.equal(clock.pending, 0)
    await connection.end()
    assert.deepEqual(owner.lost, ['it was closed'])
    assert.equal(connection.send(bytes('late')), false)
  })

  it('that nobody accepts is lost, and says why', async () => {
    const { owner, connection, clock } = begin(`tcp://127.0.0.1:${await unusedPort()}`)
    await eventually(() => owner.lost.length === 1)
    assert.match(String(owner.lost), /^connect ECONNREFUSED 127\.0\.0\.1:/)
    assert.deepEqual([owner.opened, clock.pending], [0, 0])
    await connection.end()
  })

  it('must be open in time, TLS included', async () => {
    await using receiver = await streamReceiver(0, (socket) => socket.resume())
    const { clock, owner } = begin(receiver.address, { connectTimeoutMs: 500, tls: {} })
    await eventually(() => receiver.open.size === 1)
    await clock.advance(499)
    assert.deepEqual(owner.lost, [])
    await clock.advance(1)
    assert.deepEqual(owner.lost, ['it took longer to connect than 500ms'])
    await eventually(() => receiver.open.size === 0)
  })

  it('throws away what comes back, and is lost when the other side ends it', async () => {
    await using receiver = await streamReceiver(0, (socket) => {
      socket.write(new Uint8Array(1_000_000), () => socket.end())
    })
    const { owner } = await open(receiver.address)
    await eventually(() => owner.lost.length === 1)
    assert.deepEqual(owner.lost, ['the receiver closed the connection'])
    await eventually(() => receiver.open.size === 0)
  })

  it('takes one chunk more than the system does, and says when there is room again', async () => {
    const peers: Socket[] = []
    await using receiver = await streamReceiver(0, (socket) => peers.push(socket.pause()))
    const { clock, owner, connection } = await open(receiver.address)
    const sent = fill(connection)
    await eventually(() => owner.answers.length === sent - 1)
    assert.deepEqual([owner.ready, clock.pending], [0, 1])
    await clock.advance(29_999)
    peers[0]?.resume()
    await eventually(() => owner.answers.length === sent)
    assert.deepEqual([owner.ready, clock.pending], [1, 0])
    assert.equal(connection.send(bytes('more')), true)
    await eventually(() => owner.answers.length === sent + 1)
    assert.deepEqual(new Set(owner.answers), new Set(['taken']))
    await connection.end()
  })

  it('that takes nothing for too long is dead', async () => {
    await using receiver = await streamReceiver(0, (socket) => socket.pause())
    const { clock, owner, connection } = await open(receiver.address, { stallTimeoutMs: 700 })
    const sent = fill(connection)
    await eventually(() => owner.answers.length === sent - 1)
    await clock.advance(700)
    assert.equal(owner.answers.at(-1), 'it took nothing for 700ms')
    assert.deepEqual([owner.answers.length, owner.lost, clock.pending], [sent, ['it took nothing for 700ms'], 0])
  })

  it('that breaks answers with an error for what was not taken whole', async () => {
    const peers: Socket[] = []
    await using receiver = await streamReceiver(0, (socket) => peers.push(socket.pause()))
    const { owner, connection, clock } = await open(receiver.address)
    const sent = fill(connection)
    await eventually(() => owner.answers.length === sent - 1)
    peers[0]?.resetAndDestroy()
    await eventually(() => owner.lost.length === 1)
    assert.match(String(owner.answers.at(-1)), /ECONNRESET|EPIPE/)
    assert.deepEqual([owner.answers.length, clock.pending], [sent, 0])
  })

  it('takes no more at once than there can be answers for', async () => {
    await using receiver = await streamReceiver()
    const { owner, connection } = await open(receiver.address)
    const sent = fill(connection, bytes('x'))
    assert.ok(sent <= 4_096)
    await eventually(() => owner.answers.length === sent)
    assert.equal(connection.send(bytes('x')), true)
    assert.ok(owner.ready > 0)
    await eventually(() => receiver.text.length === sent + 1)
    await connection.end()
  })

  it('ends when what it took has gone out', async () => {
    const peers: Socket[] = []
    let heardBytes = 0
    await using receiver = await streamReceiver(0, (socket) => {
      peers.push(socket.pause())
      socket.on('data', (chunk) => {
        heardBytes += chunk.length
      })
      socket.pause()
    })
    const { owner, connection } = await open(receiver.address)
    const sent = fill(connection)
    await eventually(() => owner.answers.length === sent - 1)
    const ended = connection.end()
    assert.equal(connection.send(bytes('late')), false)
    peers[0]?.resume()
    await ended
    assert.equal(owner.answers.length, sent)
    assert.deepEqual(new Set(owner.answers), new Set(['taken']))
    assert.deepEqual([owner.ready, owner.lost], [0, ['it was closed']])
    await eventually(() => heardBytes === 65_536 * sent)
    await connection.end()
  })

  it('ends while it is being made', async () => {
    await using receiver = await streamReceiver()
    const { owner, connection, clock } = begin(receiver.address)
    await connection.end()
    await eventually(() => receiver.open.size === 0)
    assert.deepEqual([owner.opened, owner.lost, clock.pending], [0, ['it was closed'], 0])
  })

  it('that is destroyed answers for all, once', async () => {
    await using receiver = await streamReceiver(0, (socket) => socket.pause())
    const { owner, connection } = await open(receiver.address)
    const sent = fill(connection)
    connection.destroy()
    connection.destroy()
    assert.deepEqual([owner.answers.length, owner.answers.at(-1), owner.lost.length], [sent, 'it was closed', 1])
    await connection.end()
    assert.deepEqual([owner.answers.length, owner.lost.length], [sent, 1])
  })

  it('goes to a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-'))
    try {
      const path = join(folder, 'a socket')
      const { owner } = begin(`unix://${encodeURI(path)}`)
      await eventually(() => owner.lost.length === 1)
      assert.match(String(owner.lost), /^connect ENOENT /)
      await using receiver = await streamReceiver(path)
      const { connection } = await open(`unix://${encodeURI(path)}`)
      connection.send(bytes('by path\n'))
      await connection.end()
      await eventually(() => receiver.text === 'by path\n')
      const tooLong = begin(`unix:///${'x'.repeat(200)}`)
      await eventually(() => tooLong.owner.lost.length === 1)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('asks for names where it is told to, and fails when there is none', async () => {
    await using receiver = await streamReceiver()
    const { connection } = await open(`tcp://statsd.test:${receiver.port}`, {
      lookup: (_name, _options, found) => setImmediate(found, null, [{ address: '127.0.0.1', family: 4 }]),
    })
    connection.send(bytes('by name\n'))
    await connection.end()
    await eventually(() => receiver.text === 'by name\n')
    const { owner } = begin('tcp://statsd.test:1', {
      lookup: (_name, _options, found) => setImmediate(found, new Error('no such name'), []),
    })
    await eventually(() => owner.lost.length === 1)
    assert.deepEqual(owner.lost, ['no such name'])
  })

  it('is encrypted for those whom it trusts, and shows its own certificate', async () => {
    const tls = { ca: pem('ca'), cert: pem('client'), key: pem('client-key') }
    const server = { ca: pem('ca'), cert: pem('server'), key: pem('server-key'), requestCert: true }
    await using receiver = await encryptedReceiver(server)
    const { connection, owner } = await open(receiver.address, { tls })
    const chunk = new Uint8Array(1_000_000).fill(120)
    connection.send(chunk)
    await eventually(() => receiver.text.length === chunk.length)
    await connection.end()
    assert.deepEqual(owner.answers, ['taken'])

    const stranger = begin(receiver.address, { tls: {} })
    await eventually(() => stranger.owner.lost.length === 1)
    assert.match(String(stranger.owner.lost), /self-signed certificate in certificate chain/)
    await using other = await encryptedReceiver({ cert: pem('other-host'), key: pem('other-host-key') })
    const wrong = begin(other.address, { tls: { ca: pem('ca') } })
    await eventually(() => wrong.owner.lost.length === 1)
    assert.match(String(wrong.owner.lost), /does not match certificate/)
    for (const rest of [{ ca: pem('ca'), serverName: 'other.test' }, { rejectUnauthorized: false }])
      await (await open(other.address, { tls: rest })).connection.end()
  })
})
