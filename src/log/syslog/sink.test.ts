// Tests of sink.ts: with a channel that is told what to take, and with receivers that come and go.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { datagramReceiver, encryptedReceiver, streamReceiver } from '../../../test/platform/receivers.ts'
import { ScriptedChannel } from '../../../test/platform/scripted-channel.ts'
import { framesOf, messageOf } from '../../../test/platform/syslog.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { logger } from '../logger.ts'
import { checkedSyslogOptions } from './options.ts'
import { Syslog, type SyslogOptions, syslogSink } from './sink.ts'
import { visible } from './text.ts'

const own = { hostname: 'h', appName: 'a', processId: '1' }

function scene(options: SyslogOptions, room = Infinity) {
  const clock = manualClock({ wallStartAt: Date.UTC(2026, 10, 21, 17, 4, 5, 123) })
  const checked = checkedSyslogOptions({ ...own, ...options, clock })
  const channel = new ScriptedChannel(checked.framing === undefined)
  channel.room = room
  const failures: ((error: Error) => void)[] = []
  const sink = new Syslog(checked, (onError) => {
    failures.push((error) => onError({ address: checked.address.text, error }))
    return channel
  })
  return { clock, channel, sink, fail: failures[0], log: logger(sink, { clock, level: 'debug', redact: false }) }
}

const head = '1 2026-11-21T17:04:05.123Z h a 1 -'

describe('the sink of syslog', () => {
  it('sends each record in a datagram of its own', async () => {
    const { log, channel, clock } = scene({})
    log.with({ service: 'orders' }).info('placed', { items: 3 })
    log.error('')
    log.debug('two\nlines')
    await clock.advance(100)
    assert.deepEqual(channel.texts, [
      `<14>${head} [fields@32473 service="orders" items="3"] placed`,
      `<11>${head} -`,
      `<15>${head} - two\\nlines`,
    ])
  })

  it('says before each message of a stream how many bytes it has, or ends it with a line feed', async () => {
    for (const framing of ['octet-counting', 'line-feed'] as const) {
      const { log, channel } = scene({ url: 'tcp://h', framing })
      log.info('Grüße')
      log.info('\n1 ')
      void log.flush()
      const messages = [`<14>${head} - Grüße`, `<14>${head} - \\n1 `]
      const framed = messages.map((message) =>
        framing === 'line-feed' ? `${message}\n` : `${Buffer.byteLength(message)} ${message}`,
      )
      assert.equal(channel.texts.join(''), framed.join(''))
    }
  })

  it('makes one frame of each record, whatever is in it', () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('\n', '\0', '"', ']', '\\', ' ', '7', '\ud800', 'ö', '🚀'), fc.string()),
    })
    const records = fc.array(fc.tuple(text, fc.dictionary(text, text, { maxKeys: 4 })), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(records, (all) => {
        for (const [url, framing] of [
          ['udp://h', undefined],
          ['tcp://h', 'octet-counting'],
          ['tcp://h', 'line-feed'],
        ] as const) {
          const { log, channel } = scene({ url, framing })
          for (const [message, fields] of all) log.info(message, fields)
          void log.flush()
          const stream = channel.texts.join('')
          const frames =
            framing === 'octet-counting'
              ? framesOf(Buffer.from(stream)).frames
              : framing === 'line-feed'
                ? stream.split('\n').slice(0, -1)
                : channel.texts
          assert.deepEqual(
            frames.map((frame) => messageOf(frame).text),
            all.map(([message]) => visible(message.toWellFormed())),
          )
        }
      }),
      { seed: 6587 },
    )
  })

  it('counts what is sent, waits and is dropped, and tells what the receiver suffers from', () => {
    const told: unknown[] = []
    const { log, sink, channel, fail } = scene({ onError: (event) => told.push(event) }, 1)
    for (const message of ['one', 'two', 'three', 'four']) log.info(message)
    void log.flush()
    channel.answer()
    const { sent, dropped, pendingBytes, state, lastError } = sink.stats
    assert.deepEqual([sent, dropped, state, lastError], [1, 0, channel.state, undefined])
    // The last one is not even a chunk yet.
    assert.equal(pendingBytes, 2 * `<14>${head} - `.length + 'twothree'.length)
    const error = new Error('refused')
    fail?.(error)
    assert.equal(sink.stats.lastError, error)
    assert.deepEqual(told, [{ url: 'udp://127.0.0.1:514', error }])
  })

  it('says how many were dropped, once the receiver takes messages again, once a second at most', async () => {
    const { log, sink, channel, clock } = scene({ url: 'tcp://h', maxPendingBytes: 16_384 }, 0)
    const padding = 'x'.repeat(1_000)
    const texts = () => framesOf(Buffer.from(channel.texts.join(''))).frames.map((frame) => messageOf(frame))
    const notices = () =>
      texts()
        .filter(({ text }) => text === 'log records dropped')
        .map(({ element }) => Object.fromEntries(element?.params ?? []))
    const overflow = async () => {
      for (let n = 0; n < 100; n++) log.info('m', { padding })
      await clock.advance(100)
    }
    await overflow()
    const first = sink.dropped
    assert.ok(first > 50)
    channel.open()
    log.info('again')
    await clock.advance(100)
    assert.deepEqual(notices(), [{ dropped: String(first), dropped_in_all: String(first) }])
    assert.equal(texts().at(-1)?.text, 'again')
    channel.room = 0
    await overflow()
    channel.open()
    const second = sink.dropped - first
    assert.ok(second > 50)
    log.info('too soon')
    await clock.advance(1_000)
    assert.equal(notices().length, 1)
    void log.flush()
    await clock.advance(100)
    assert.deepEqual(notices().at(-1), { dropped: String(second), dropped_in_all: String(first + second) })
  })

  it('sends what is left when it is disposed, and counts what comes later as dropped', async () => {
    const { log, sink, channel, clock } = scene({})
    log.info('last')
    const end = sink[Symbol.asyncDispose]()
    await clock.settle()
    channel.answer()
    await end
    assert.equal(sink[Symbol.asyncDispose](), end)
    log.info('late')
    await log.flush()
    assert.equal(channel.texts.length, 1)
    assert.equal(log.dropped, 1)
    assert.equal(clock.pending, 0)
  })

  it('refuses options before it opens anything', () => {
    assert.throws(() => syslogSink({ url: 'udp://h', maxPendingBytes: 1 }), RangeError)
    assert.throws(() => syslogSink({ url: 'udp://h', tls: {} }), /^TypeError: tls is for tcp:/)
  })
})

describe('the sink of syslog, over sockets', () => {
  it('reaches a receiver of datagrams', async () => {
    await using receiver = await datagramReceiver()
    await using sink = syslogSink({ ...own, url: receiver.address })
    const log = logger(sink)
    log.info('one')
    log.info('two\nlines', { a: 1 })
    await log.flush()
    await eventually(() => receiver.heard.length === 2)
    assert.deepEqual(
      receiver.heard.map((datagram) => messageOf(datagram.toString()).text),
      ['one', 'two\\nlines'],
    )
  })

  it('reaches a receiver over TLS, and one at a Unix socket', async () => {
    const certificates = join(import.meta.dirname, '../../../test/certificates')
    const pem = (name: string) => readFileSync(join(certificates, name), 'utf8')
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-syslog-'))
    await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
    await using encrypted = await encryptedReceiver({ key: pem('server-key.pem'), cert: pem('server.pem') })
    await using local = await streamReceiver(join(folder, 'log'))
    for (const [receiver, options] of [
      [encrypted, { tls: { ca: pem('ca.pem') } }],
      [local, {}],
    ] as const) {
      await using sink = syslogSink({ ...own, ...options, url: receiver.address })
      logger(sink).info('Grüße')
      await sink.flush()
      await eventually(() => /- Grüße\n?$/.test(receiver.text))
      assert.match(receiver.text, receiver === local ? /^<14>1 .*\n$/ : /^\d+ <14>1 .*Grüße$/)
    }
  })

  it('loses no frame of a receiver that is killed under load, and says how many it dropped', async () => {
    const clock = manualClock()
    const first = await streamReceiver()
    const { address, port } = first
    const sink = syslogSink({ ...own, url: address, clock, maxPendingBytes: 65_536, random: () => 0.5 })
    const log = logger(sink)
    let n = 0
    const load = async () => {
      for (let times = 0; times < 200; times++) log.info('m', { n: n++, padding: 'ö'.repeat(50) })
      await clock.advance(200)
      assert.ok(sink.stats.pendingBytes <= 65_536)
    }
    await eventually(async () => {
      await load()
      return first.heard.length > 0
    })
    await first[Symbol.asyncDispose]()
    await eventually(async () => {
      await load()
      return sink.stats.state === 'down'
    })
    for (let times = 0; times < 10; times++) await load()
    assert.ok(sink.dropped > 1_000 && sink.stats.lastError !== undefined)
    await using second = await streamReceiver(port)
    const numbers = (receiver: typeof second) =>
      framesOf(Buffer.concat(receiver.heard)).frames.flatMap((frame) => {
        const { element, text } = messageOf(frame)
        return text === 'm' ? [Number(element?.params[0]?.[1])] : []
      })
    await eventually(async () => {
      await load()
      return second.text.includes('log records dropped')
    })
    log.info('m', { n: n++ })
    await eventually(async () => {
      await clock.advance(200)
      return numbers(second).at(-1) === n - 1
    })
    for (const heard of [numbers(first), numbers(second)])
      assert.deepEqual(
        heard,
        [...new Set(heard)].sort((a, b) => a - b),
      )
    const told = [...second.text.matchAll(/dropped_in_all="(\d+)"/g)].at(-1)?.[1]
    assert.equal(Number(told), sink.dropped)
    const end = sink[Symbol.asyncDispose]()
    await eventually(async () => {
      await clock.advance(500)
      return sink.stats.state === 'closed'
    })
    await end
  })
})
