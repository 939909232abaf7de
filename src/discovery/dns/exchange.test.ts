import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Asked, encodeReply, type Reply, scriptedDns } from '../../../test/platform/scripted-dns.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { dnsServer } from './dns-server.ts'
import { type ExchangeOptions, exchange } from './exchange.ts'
import { query } from './query.ts'

const reply: Reply = { answers: [['x', 1, 'A', '10.0.0.1']] }
const clock = manualClock()
const options: ExchangeOptions = { protocol: 'udp', timeoutMs: 1_000, clock, signal: new AbortController().signal }
const ask = (address: string, more: Partial<ExchangeOptions> = {}) =>
  exchange(dnsServer(address), query('x', 'A', true), { ...options, ...more })

describe('exchange', () => {
  for (const protocol of ['udp', 'tcp'] as const) {
    it(`asks and answers by ${protocol}, and leaves nothing`, async () => {
      await using server = await scriptedDns(() => reply)
      const answer = await ask(server.address, { protocol })
      assert.equal(answer.answers.length, 1)
      assert.deepEqual([server.asked.length, server.asked[0]?.protocol], [1, protocol])
      await eventually(() => server.connections === 0)
      assert.equal(clock.pending, 0)
    })

    it(`waits no longer for ${protocol} than it was told`, async () => {
      await using server = await scriptedDns()
      const asked = ask(server.address, { protocol })
      const refused = assert.rejects(asked, /^Error: no answer within 1s$/)
      await eventually(() => server.asked.length === 1)
      await clock.advance(1_000)
      await refused
      await eventually(() => server.connections === 0)
    })

    it(`ends ${protocol} at once with the signal`, async () => {
      await using server = await scriptedDns()
      const stopping = new AbortController()
      const asked = ask(server.address, { protocol, signal: stopping.signal })
      await eventually(() => server.asked.length === 1)
      stopping.abort(new Error('enough'))
      await assert.rejects(asked, /enough/)
      await eventually(() => server.connections === 0)
      assert.equal(clock.pending, 0)
      await assert.rejects(ask(server.address, { protocol, signal: stopping.signal }), /enough/)
      assert.equal(server.asked.length, 1)
    })
  }

  const forged: [string, (asked: Asked) => Uint8Array][] = [
    ['another id', (asked) => encodeReply({ ...asked, id: asked.id ^ 1 }, forgery)],
    ['another question', (asked) => encodeReply({ ...asked, name: 'y' }, forgery)],
    ['garbage', () => Uint8Array.of(1, 2, 3)],
    ['nothing at all', () => new Uint8Array(0)],
  ]
  const forgery: Reply = { answers: [['x', 1, 'A', '6.6.6.6']] }
  for (const [what, forge] of forged)
    it(`waits for the true answer when a datagram with ${what} is first`, async () => {
      await using server = await scriptedDns(async (asked) => {
        await server.send(forge(asked), asked.port)
        return reply
      })
      const answer = await ask(server.address)
      assert.deepEqual(
        answer.answers.map((record) => record.type === 'A' && record.address),
        ['10.0.0.1'],
      )
    })

  it('says what was wrong with what came, where no true answer follows', async () => {
    await using server = await scriptedDns((asked) => encodeReply({ ...asked, name: 'y' }, forgery))
    const asked = ask(server.address)
    const refused = assert.rejects(asked, /no answer within 1s; what came was refused: it answers another question/)
    await eventually(() => server.answered === 1)
    // The datagram has been sent: it is there before anything that is asked after it.
    await ask(server.address, { protocol: 'tcp' }).catch(() => {})
    await clock.advance(1_000)
    await refused
  })

  it('ends a connection on which something else comes', async () => {
    await using server = await scriptedDns((asked) => encodeReply({ ...asked, id: asked.id ^ 1 }, reply))
    await assert.rejects(ask(server.address, { protocol: 'tcp' }), /answers another question/)
  })
})
