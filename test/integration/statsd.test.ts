// Proves that the statsd of the tests is the real one: it counts what comes by UDP, TCP and Unix stream, and says so on its management port.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { eventually } from '../../src/testing/eventually.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { manage, totals } from '../servers/statsd/management.ts'

const counts = (name: string, sum: number) =>
  eventually(async () => (await totals(addressOf('statsd', 'management'), 'counters'))[name] === sum)

describe('statsd', skipUnless('statsd'), () => {
  it('answers stats on its management port', async () => {
    const stats = await manage(addressOf('statsd', 'management'), 'stats')
    assert.match(stats, /^uptime: \d+\n/)
    assert.match(stats, /\nmessages\.bad_lines_seen: \d+\n/)
    assert.match(stats, /\nEND\n\n$/)
  })

  it('counts what comes by UDP', async () => {
    const { hostname, port } = new URL(addressOf('statsd'))
    const socket = createSocket('udp4')
    socket.send('proof.udp:3|c\nproof.udp:4|c', Number(port), hostname, () => socket.close())
    await counts('proof.udp', 7)
  })

  it('counts what comes by TCP', async () => {
    const { hostname, port } = new URL(addressOf('statsd', 'tcp'))
    connect(Number(port), hostname).end('proof.tcp:5|c\n')
    await counts('proof.tcp', 5)
  })

  it('counts what comes by a Unix stream', async () => {
    connect(addressOf('statsd', 'unix')).end('proof.unix:6|c\n')
    await counts('proof.unix', 6)
  })
})
