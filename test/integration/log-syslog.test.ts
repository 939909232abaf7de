// Proves the sink of syslog with rsyslog: what it writes down is what was logged, over each of its wires.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Fields, logger } from '../../src/log/logger.ts'
import { type SyslogOptions, syslogSink } from '../../src/log/syslog/sink.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { paramsOf } from '../platform/syslog.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { rsyslog } from '../servers/rsyslog/rsyslog.ts'

const wires = ['udp', 'tcp', 'tls'] as const
type Wire = (typeof wires)[number]

const ca = readFileSync(join(import.meta.dirname, '../certificates/ca.pem'))

function to(wire: Wire, address: (key: string) => string | undefined): SyslogOptions {
  return { url: address(wire === 'udp' ? 'url' : wire) ?? '', ...(wire === 'tls' && { tls: { ca } }) }
}

/** What rsyslog understood of a message. */
type Understood = Readonly<Record<string, string>>

async function understood(file: string | undefined, part = ''): Promise<Understood[]> {
  const lines = (await readFile(file ?? '', 'utf8').catch(() => '')).split('\n').slice(0, -1)
  return lines.filter((line) => line.includes(part)).map((line) => JSON.parse(line))
}

/** The messages of one program. */
function messagesOf(file: string | undefined, appName: string): Promise<Understood[]> {
  return understood(file, `"app-name":"${appName}"`)
}

/** What a frame that is broken leaves behind: a complaint of rsyslog itself, or messages that nobody has sent. */
async function faults(file: string | undefined): Promise<Understood[]> {
  return (await understood(file)).filter((message) =>
    message['syslogfacility-text'] === 'syslog'
      ? /fram|octet|truncat|too (?:long|large)|oversize/i.test(message['msg'] ?? '')
      : !/^(?:app-\d+-\d+|load)$/.test(message['app-name'] ?? ''),
  )
}

const file = () => addressOf('rsyslog', 'file')
const address = (key: string) => addressOf('rsyslog', key)
let programs = 0
/** A name that no earlier run has used either. */
const program = () => `app-${process.pid}-${programs++}`

describe('the sink of syslog, with rsyslog', skipUnless('rsyslog'), () => {
  for (const wire of wires) {
    it(`brings all that a record says over ${wire}`, async () => {
      const appName = program()
      const at = Date.UTC(2026, 10, 21, 17, 4, 5, 123)
      const clock = manualClock({ wallStartAt: at })
      const options = { ...to(wire, address), appName, hostname: 'orders.example.com', processId: '4711' }
      await using sink = syslogSink({ ...options, facility: 'local3', messageId: ({ level }) => `ID-${level}` })
      const log = logger(sink, { clock, level: 'debug', redact: false })
      log.with({ service: 'orders' }).info('order placed', { items: 3, 'a key=': 'a "quoted" \\ ] value', none: '' })
      log.warn('Grüße, 世界 🚀 100 % \\n')
      log.error('', { list: [1, 'a]b'], error: new Error('order failed', { cause: new Error('refused') }) })
      log.debug('<14>1 - - - - -\n<11>forged [x@1 a="b"]', { own: 'a"] forged' })
      await sink.flush()
      await eventually(async () => (await messagesOf(file(), appName)).length === 4)
      const messages = await messagesOf(file(), appName)
      for (const message of messages) {
        assert.equal(message['syslogfacility-text'], 'local3')
        assert.equal(message['protocol-version'], '1')
        assert.equal(message['timereported'], '2026-11-21T17:04:05.123Z')
        assert.equal(message['hostname'], 'orders.example.com')
        assert.equal(message['procid'], '4711')
        assert.equal(message['inputname'], wire)
      }
      const said = messages.map((message) => [message['syslogseverity-text'], message['msgid'], message['msg']])
      assert.deepEqual(said, [
        ['info', 'ID-info', 'order placed'],
        ['warning', 'ID-warn', 'Grüße, 世界 🚀 100 % \\n'],
        ['err', 'ID-error', ''],
        ['debug', 'ID-debug', '<14>1 - - - - -\\n<11>forged [x@1 a="b"]'],
      ])
      const fields = messages.map((message) => /^\[fields@32473(.*)\]$/.exec(message['structured-data'] ?? '')?.[1])
      assert.deepEqual(
        fields.map((params) => params && paramsOf(params)),
        [
          [
            ['service', 'orders'],
            ['items', '3'],
            ['a_key_', 'a "quoted" \\ ] value'],
            ['none', ''],
          ],
          undefined,
          [
            ['list', '[1,"a]b"]'],
            ['error', 'order failed: refused'],
          ],
          [['own', 'a"] forged']],
        ],
      )
      assert.equal(messages[1]?.['structured-data'], '-')
      assert.deepEqual(await faults(file()), [])
    })

    it(`brings messages of every size over ${wire}, none longer than rsyslog takes`, async () => {
      const appName = program()
      await using sink = syslogSink({ ...to(wire, address), appName })
      const log = logger(sink, { redact: false })
      const sizes = [0, 1, 100, 1_431, 1_432, 1_500, 1_900, 3_000, 8_000]
      for (const size of sizes) log.info('語'.repeat(Math.floor(size / 3)), { size })
      await sink.flush()
      await eventually(async () => (await messagesOf(file(), appName)).length === sizes.length)
      const most = wire === 'udp' ? 2_048 : 8_192
      for (const [index, message] of (await messagesOf(file(), appName)).entries()) {
        const whole = '語'.repeat(Math.floor((sizes[index] ?? 0) / 3))
        const text = message['msg'] ?? ''
        if (text !== whole) assert.match(text, /^語+…$/)
        assert.ok(
          text === whole || Buffer.byteLength(text) > most - 200,
          `${text.length} characters of ${whole.length}`,
        )
        assert.match(message['structured-data'] ?? '', new RegExp(`size="${sizes[index]}"`))
      }
      assert.deepEqual(await faults(file()), [])
    })
  }

  it('has a mark before UTF-8 only where it is asked for, for rsyslog shows it', async () => {
    const appName = program()
    for (const byteOrderMark of [false, true]) {
      await using sink = syslogSink({ url: address('tcp'), appName, byteOrderMark })
      logger(sink).info('Grüße')
    }
    await eventually(async () => (await messagesOf(file(), appName)).length === 2)
    const shown = (await messagesOf(file(), appName)).map(({ msg }) => msg)
    assert.deepEqual(shown, ['Grüße', '\ufeffGrüße'])
  })

  it('would be told of frames that are broken', async () => {
    await using server = await ownServer(rsyslog)
    const { port, hostname } = new URL(server.addresses['tcp'] ?? '')
    const socket = connect(Number(port), hostname)
    socket.end('23 <14>1 - h load - - - ok20 <14>1 - h load - - - short7;')
    await eventually(async () => (await faults(server.addresses['file'])).length > 0)
    assert.equal((await messagesOf(server.addresses['file'], 'load'))[0]?.['msg'], 'ok')
  })

  it('brings what BSD began with', async () => {
    const appName = program()
    for (const [url, framing] of [
      [address('url'), undefined],
      [address('tcp'), 'line-feed'],
      [address('tcp'), 'octet-counting'],
    ] as const) {
      await using sink = syslogSink({
        url,
        framing,
        appName,
        format: 'rfc3164',
        hostname: 'orders.example.com',
        processId: '7',
      })
      logger(sink).warn('two\nlines', { items: 3 })
    }
    await eventually(async () => (await messagesOf(file(), appName)).length === 3)
    for (const message of await messagesOf(file(), appName)) {
      const shown = [message['hostname'], message['procid'], message['syslogseverity-text'], message['msg']?.trim()]
      assert.deepEqual(shown, ['orders', '7', 'warning', 'msg="two\\nlines" items=3'])
    }
    assert.deepEqual(await faults(file()), [])
  })

  it('loses none of 20,000 messages of a stream, keeps their order and never breaks a frame', async () => {
    for (const wire of ['tcp', 'tls'] as const) {
      const appName = program()
      const many = 20_000
      await using sink = syslogSink({ ...to(wire, address), appName, maxPendingBytes: 16_777_216 })
      const log = logger(sink, { redact: false }).with({ service: 'orders' })
      for (let n = 0; n < many; n++) log.info(`${n} ${'ö\n"'.repeat(n % 40)}`, { n })
      await sink.flush()
      await eventually(async () => (await messagesOf(file(), appName)).length === many, 20_000)
      for (const [n, { msg = '' }] of (await messagesOf(file(), appName)).entries())
        assert.equal(msg.split(' ')[0], String(n))
      assert.equal(sink.dropped, 0)
    }
    assert.deepEqual(await faults(file()), [])
  })

  for (const wire of wires) {
    it(`goes on by itself over ${wire} when rsyslog is killed under load and comes back, in bounded memory`, async () => {
      await using server = await ownServer(rsyslog)
      const own = () => server.addresses['file']
      const maxPendingBytes = 100_000
      const clock = manualClock()
      const sink = syslogSink({
        ...to(wire, (key) => server.addresses[key]),
        appName: 'load',
        clock,
        maxPendingBytes,
        random: () => 0.5,
      })
      await using _end = {
        async [Symbol.asyncDispose]() {
          void sink[Symbol.asyncDispose]()
          await eventually(async () => {
            await clock.advance(500)
            return sink.stats.state === 'closed'
          })
        },
      }
      const log = logger(sink, { clock })
      let n = 0
      const load = async (records = 20, more: Fields = {}) => {
        for (let times = 0; times < records; times++) log.info('m', { n: n++, ...more })
        await clock.advance(500)
        assert.ok(sink.stats.pendingBytes <= maxPendingBytes)
      }
      const numbers = async () => {
        const messages = (await messagesOf(own(), 'load')).filter(({ msg }) => msg === 'm')
        return messages.map((message) => Number(/ n="(\d+)"/.exec(message['structured-data'] ?? '')?.[1]))
      }
      await eventually(async () => {
        await load()
        return (await numbers()).length > 0
      })
      assert.equal(sink.dropped, 0)

      await server.crash()
      await eventually(async () => {
        await load(200, { padding: 'x'.repeat(500) })
        return sink.stats.state === 'down'
      })
      for (let steps = 0; steps < 50; steps++) await load(200, { padding: 'x'.repeat(500) })
      assert.ok(sink.dropped > 1_000, `${sink.dropped} were dropped`)
      assert.ok(sink.stats.lastError !== undefined)

      await server.restart()
      await eventually(async () => {
        await load()
        return sink.stats.state === 'open'
      })
      const from = n
      await eventually(async () => {
        await load()
        return (await numbers()).some((number) => number >= from)
      })
      await eventually(async () => {
        await load(1)
        const notices = (await messagesOf(own(), 'load')).filter(({ msg }) => msg === 'log records dropped')
        const told = / dropped_in_all="(\d+)"/.exec(notices.at(-1)?.['structured-data'] ?? '')?.[1]
        return Number(told) === sink.dropped
      })
      const seen = await numbers()
      assert.deepEqual(
        seen,
        [...new Set(seen)].sort((a, b) => a - b),
        'none twice, and all in order',
      )
      assert.deepEqual(await faults(own()), [])
    })
  }
})
