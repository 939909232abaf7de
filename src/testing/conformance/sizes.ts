// Conformance of a transport: both ends tell the same sizes of the messages of a call.
import assert from 'node:assert/strict'
import { ServiceError } from '../../core/errors.ts'
import { recordSizes } from '../recorder.ts'
import {
  type Case,
  failure,
  passUntil,
  readAll,
  type SetupOptions,
  setUp,
  streamOf,
  type TransportHarness,
} from './harness.ts'

/** Records at both ends; `agree` asserts that they heard the same, and nothing where there are no bytes; `counts` how many messages the caller sent and got. */
function recorded(harness: TransportHarness) {
  const [client, server] = [recordSizes(), recordSizes()]
  const options: SetupOptions = { client: { use: [client] }, use: [server] }
  const agree = async () => {
    // An end that waits until a message is taken tells of it later than the other one.
    const isTold = () => server.received.length === client.sent.length && server.sent.length === client.received.length
    await passUntil(harness, isTold, 'both ends are told of as many messages')
    assert.deepEqual(server.received, client.sent)
    assert.deepEqual(client.received, server.sent)
    if (!harness.tellsSizes) assert.deepEqual([client.sent, client.received], [[], []])
  }
  const counts = async (sent: number, received: number) => {
    await agree()
    if (harness.tellsSizes) assert.deepEqual([client.sent.length, client.received.length], [sent, received])
  }
  return { options, client, agree, counts }
}

/** Sizes of messages, where they are bytes. */
export const sizeCases: readonly Case[] = [
  {
    name: 'tells both ends the same sizes of a request and its response, if any',
    async run(harness) {
      const { options, client, counts } = recorded(harness)
      await using setup = await setUp(harness, {}, options)
      await setup.client.echo('x'.repeat(100))
      await counts(1, 1)
      await setup.client.shout({ text: 'ä'.repeat(100_000) })
      await counts(2, 2)
      if (!harness.tellsSizes) return
      const [[small = 0, large = 0], [, reply = 0]] = [client.sent, client.received]
      assert.ok(small >= 100 && small < 200, `a text of 100 bytes has ${small}`)
      assert.ok(large >= 200_000 && large < 201_000, `a text of 200,000 bytes has ${large}`)
      assert.ok(reply >= 200_000 && reply < 201_000, `a text of 200,000 bytes has ${reply}`)
    },
  },
  {
    name: 'tells both ends the same sizes of each message of a stream, if any',
    async run(harness) {
      const { options, counts } = recorded(harness)
      await using setup = await setUp(harness, {}, options)
      await readAll(await setup.client.count({ to: 12 }))
      await counts(1, 12)
      await setup.client.add(streamOf([1, 22, 333]))
      await counts(4, 13)
      if (harness.without?.includes('bidiStream')) return
      await readAll(await setup.client.converse(streamOf(['a', 'bc'])))
      await counts(6, 15)
    },
  },
  {
    name: 'tells both ends the same sizes of an error, if any',
    async run(harness) {
      const { options, agree } = recorded(harness)
      const fail = () => {
        throw new ServiceError('not_found', 'nö', { details: ['a'] })
      }
      const handlers = {
        echo: fail,
        async *count() {
          yield { n: 1 }
          fail()
        },
      }
      await using setup = await setUp(harness, handlers, options)
      await failure(setup.client.echo(1), 'not_found')
      await agree()
      await failure(setup.client.count({ to: 2 }).then(readAll), 'not_found')
      await agree()
    },
  },
]
