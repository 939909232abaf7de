// Tests of socket.ts: receivers that come, go, and come back, over real sockets on a clock that stands still.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { LookupFunction } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { datagramReceiver, streamReceiver, unusedPort } from '../../test/platform/receivers.ts'
import { eventually } from '../testing/eventually.ts'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import type { ChannelListener } from './channel.ts'
import { Socket } from './socket.ts'
import type { SocketOptions } from './socket-options.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
/** So that the back-off is 1 s, 1.6 s, 2.56 s, … */
const middle = () => 0.5

class Scene implements ChannelListener, AsyncDisposable {
  readonly clock: ManualClock = manualClock()
  readonly errors: string[] = []
  readonly answers: string[] = []
  ready = 0
  readonly socket: Socket

  constructor(address: string, options: SocketOptions = {}) {
    const onError: SocketOptions['onError'] = (failure) => {
      assert.equal(failure.address, address)
      this.errors.push(failure.error.message.replace(`${address}: `, ''))
    }
    this.socket = new Socket(address, { clock: this.clock, random: middle, onError, ...options })
    this.socket.listen(this)
  }

  onAnswer(error?: Error): void {
    this.answers.push(error?.message ?? 'taken')
  }

  onReady(): void {
    this.ready++
  }

  send(text: string): boolean {
    return this.socket.send(bytes(text))
  }

  /** Sends as soon as there is somebody who takes it. */
  async deliver(text: string): Promise<void> {
    const before = this.answers.length
    await eventually(() => this.send(text))
    await eventually(() => this.answers.length === before + 1)
    assert.equal(this.answers.at(-1), 'taken')
  }

  async is(state: Socket['state']): Promise<void> {
    await eventually(() => this.socket.state === state)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket.close()
    assert.equal(this.clock.pending, 0)
  }
}

/** Finds what stands in the list when it is asked. */
const finds =
  (addresses: readonly string[]): LookupFunction =>
  (name, _options, found) => {
    const error = addresses.length === 0 ? new Error(`getaddrinfo ENOTFOUND ${name}`) : null
    setImmediate(
      found,
      error,
      addresses.map((address) => ({ address, family: 4 })),
    )
  }

describe('a socket', () => {
  it('refuses an address and options that are none', () => {
    assert.throws(() => new Socket('http://a:1'), { name: 'TypeError', message: /^address must be udp:/ })
    assert.throws(() => new Socket('tcp://a:1', { stallTimeoutMs: 0 }), { name: 'RangeError' })
    assert.throws(() => new Socket('udp://a:1', { tls: {} }), {
      name: 'TypeError',
      message: 'tls is for tcp://, but address is "udp://a:1"',
    })
  })

  for (const [kind, receive] of [
    ['udp', datagramReceiver],
    ['tcp', streamReceiver],
  ] as const) {
    it(`over ${kind} connects by itself, and delivers`, async () => {
      await using receiver = await receive()
      await using scene = new Scene(receiver.address)
      assert.deepEqual([scene.socket.state, scene.socket.datagrams], ['connecting', kind === 'udp'])
      await scene.is('open')
      assert.equal(scene.ready, 1)
      await scene.deliver('a\n')
      await eventually(() => receiver.text === 'a\n')
      await scene.socket.close()
      assert.equal(scene.socket.state, 'closed')
      assert.equal(scene.send('late'), false)
      assert.deepEqual(scene.errors, [])
    })

    it(`over ${kind} finds a name that is not known at first`, async () => {
      await using receiver = await receive()
      const addresses: string[] = []
      await using scene = new Scene(`${kind}://statsd.test:${receiver.port}`, { lookup: finds(addresses) })
      await scene.is('down')
      assert.equal(scene.send('x'), false)
      await scene.clock.advance(1_000)
      await eventually(() => scene.clock.nextAt === 2_600)
      assert.deepEqual(scene.errors, ['getaddrinfo ENOTFOUND statsd.test'])
      addresses.push('127.0.0.1')
      await scene.clock.advance(1_600)
      await scene.deliver('a\n')
      await eventually(() => receiver.text === 'a\n')
      assert.equal(scene.errors.length, 1)
    })
  }

  it('finds a receiver that is down at first, is killed, and comes back', async () => {
    const port = await unusedPort()
    await using scene = new Scene(`tcp://127.0.0.1:${port}`)
    await scene.is('down')
    for (const delayMs of [1_000, 1_600, 2_560]) {
      assert.equal(scene.clock.nextAt, scene.clock.now() + delayMs)
      await scene.clock.advance(delayMs)
      await eventually(() => scene.clock.nextAt > scene.clock.now() + delayMs)
    }
    assert.match(String(scene.errors), /^connect ECONNREFUSED [^,]*$/)
    {
      await using receiver = await streamReceiver(port)
      await scene.clock.advance(4_096)
      await scene.deliver('a\n')
      await eventually(() => receiver.text === 'a\n')
      assert.equal(scene.socket.state, 'open')
      await scene.clock.advance(5_000)
    }
    await scene.is('down')
    assert.deepEqual(scene.errors.slice(1), ['the receiver closed the connection'])
    assert.equal(scene.send('x'), false)
    await using receiver = await streamReceiver(port)
    // Data was taken: the back-off has begun anew.
    await scene.clock.advance(1_000)
    await scene.deliver('b\n')
    await eventually(() => receiver.text === 'b\n')
    assert.equal(scene.errors.length, 2)
  })

  it('begins its back-off anew once a connection has stood, though nothing was sent', async () => {
    const port = await unusedPort()
    await using scene = new Scene(`tcp://127.0.0.1:${port}`)
    await scene.is('down')
    await scene.clock.advance(1_000)
    await eventually(() => scene.clock.nextAt === 2_600)
    for (const [standsMs, delayMs] of [
      [4_999, 2_560],
      [5_000, 1_000],
    ] as const) {
      const receiver = await streamReceiver(port)
      await scene.clock.advance(scene.clock.nextAt - scene.clock.now())
      await scene.is('open')
      await scene.clock.advance(standsMs)
      await receiver[Symbol.asyncDispose]()
      await scene.is('down')
      assert.equal(scene.clock.nextAt - scene.clock.now(), delayMs)
    }
  })

  it('connects again to a receiver that closes after each line, and tells of it once', async () => {
    let lines = ''
    await using receiver = await streamReceiver(0, (socket) => {
      socket.once('data', (line) => {
        lines += line
        socket.end()
      })
    })
    await using scene = new Scene(receiver.address)
    for (let n = 1; n <= 5; n++) {
      await scene.deliver(`${n}\n`)
      await scene.is('down')
      await scene.clock.advance(1_000)
    }
    assert.equal(lines, '1\n2\n3\n4\n5\n')
    assert.deepEqual(scene.errors, ['the receiver closed the connection'])
  })

  it('does not go on within a chunk after a connection has broken', async () => {
    let all = ''
    await using receiver = await streamReceiver(0, (socket) => {
      if (receiver.accepted === 1) socket.pause()
      else socket.on('data', (chunk) => (all += chunk))
    })
    await using scene = new Scene(receiver.address)
    await scene.is('open')
    const line = `${'x'.repeat(999_999)}\n`
    let sent = 0
    while (scene.send(line)) sent++
    for (const socket of receiver.open) socket.resetAndDestroy()
    await scene.is('down')
    assert.equal(scene.answers.length, sent)
    assert.notEqual(scene.answers.at(-1), 'taken')
    await scene.clock.advance(1_000)
    await scene.deliver('whole\n')
    await eventually(() => all === 'whole\n')
  })

  it('leaves a receiver that takes nothing, and tries again', async () => {
    await using receiver = await streamReceiver(0, (socket) => {
      if (receiver.accepted === 1) socket.pause()
      else socket.resume()
    })
    await using scene = new Scene(receiver.address)
    await scene.is('open')
    const chunk = 'x'.repeat(1_000_000)
    while (scene.send(chunk));
    await scene.clock.advance(30_000)
    await scene.is('down')
    assert.deepEqual(scene.errors, ['it took nothing for 30s'])
    await scene.clock.advance(1_000)
    await scene.deliver('x')
  })

  it('finds a path that appears later', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-'))
    try {
      const path = join(folder, 's')
      await using scene = new Scene(`unix://${path}`)
      await scene.is('down')
      assert.deepEqual(scene.errors, [`connect ENOENT ${path}`])
      await using receiver = await streamReceiver(path)
      await scene.clock.advance(1_000)
      await scene.deliver('by path\n')
      await eventually(() => receiver.text === 'by path\n')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('says what each address of a name had to say, in short', async () => {
    const port = await unusedPort()
    const lookup: LookupFunction = (_name, _options, found) => {
      setImmediate(found, null, [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ])
    }
    await using scene = new Scene(`tcp://statsd.test:${port}`, { lookup })
    await scene.is('down')
    assert.deepEqual(scene.errors, [`connect ECONNREFUSED 127.0.0.1:${port}`])
  })

  it('goes on with a listener that throws', async (t) => {
    const later: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => later.push(run))
    const port = await unusedPort()
    const onError = () => {
      throw new Error('a bug')
    }
    await using scene = new Scene(`tcp://127.0.0.1:${port}`, { onError })
    await eventually(() => later.length === 1)
    assert.throws(() => later[0]?.(), { message: 'a bug' })
    await using _receiver = await streamReceiver(port)
    await scene.clock.advance(1_000)
    await scene.deliver('x')
  })
})

describe('a socket of datagrams', () => {
  it('tells once that nobody listens, goes on, and recovers', async () => {
    const port = await unusedPort()
    await using scene = new Scene(`udp://127.0.0.1:${port}`)
    await scene.is('open')
    for (let n = 1; n <= 50; n++) {
      assert.equal(scene.send('x'), true)
      await eventually(() => scene.answers.length === n)
      await scene.clock.advance(100)
    }
    assert.deepEqual(new Set(scene.answers), new Set(['nobody listens there']))
    assert.deepEqual([scene.errors, scene.socket.state], [['nobody listens there'], 'down'])
    await using receiver = await datagramReceiver(port)
    await scene.deliver('a')
    assert.equal(receiver.text, 'a')
    assert.equal(scene.socket.state, 'down')
    await scene.clock.advance(5_000)
    assert.equal(scene.socket.state, 'open')
    await scene.deliver('b')
    assert.equal(scene.errors.length, 1)
  })

  it('goes to the next address of a name after the back-off, without a pause', async () => {
    await using receiver = await datagramReceiver()
    const lookup = finds(['127.0.0.2', '127.0.0.1'])
    await using scene = new Scene(`udp://statsd.test:${receiver.port}`, { lookup })
    await scene.is('open')
    assert.equal(scene.send('lost'), true)
    await scene.is('down')
    await scene.clock.advance(999)
    assert.equal(scene.send('lost'), true)
    await scene.clock.advance(1)
    await eventually(() => scene.ready === 2)
    await scene.deliver('a')
    await eventually(() => receiver.text === 'a')
    assert.deepEqual(scene.errors, ['nobody listens there'])
  })

  it('prepares one socket at a time to take its place', async () => {
    const port = await unusedPort()
    let asked = 0
    const lookup: LookupFunction = (...call) => {
      if (asked++ === 0) finds(['127.0.0.1'])(...call)
    }
    await using scene = new Scene(`udp://statsd.test:${port}`, { lookup })
    await scene.is('open')
    for (let n = 1; n <= 50; n++) {
      scene.send('x')
      await eventually(() => scene.answers.length === n)
      await scene.clock.advance(100)
    }
    assert.equal(asked, 2)
    // That one is not found in time, and the next one waits longer.
    await scene.clock.advance(1_000 + 1_599)
    assert.equal(asked, 2)
    await scene.clock.advance(1)
    assert.equal(asked, 3)
  })

  it('follows a name that moves, and sends meanwhile', async () => {
    let from = 0
    await using receiver = await datagramReceiver(0, (_datagram, { port }) => {
      from = port
    })
    const addresses = ['127.0.0.1']
    let asked = 0
    const lookup: LookupFunction = (...call) => {
      asked++
      finds(addresses)(...call)
    }
    await using scene = new Scene(`udp://statsd.test:${receiver.port}`, { lookup })
    await scene.deliver('a')
    addresses[0] = '127.0.0.2'
    await scene.clock.advance(60_000)
    await scene.deliver('b')
    await eventually(() => scene.ready === 2)
    assert.equal(asked, 3)
    assert.equal(receiver.text, 'ab')
    // The port that it had is free.
    await using _other = await datagramReceiver(from)
    // Nobody listens on the other address.
    scene.send('c')
    await scene.is('down')
  })

  it('tells of a datagram that is too long, which is no outage', async () => {
    await using receiver = await datagramReceiver()
    await using scene = new Scene(receiver.address)
    await scene.is('open')
    for (let n = 0; n < 3; n++) scene.send('x'.repeat(66_000))
    await eventually(() => scene.answers.length === 3)
    await scene.deliver('a')
    assert.deepEqual(scene.errors, ['a datagram is too long for the way there'])
    assert.deepEqual([scene.answers.length, scene.socket.state, scene.clock.pending], [4, 'open', 0])
  })
})

describe('a socket that is closed', () => {
  it('lets go out what it took, and ends the stream', async () => {
    let ended = false
    let heardBytes = 0
    await using receiver = await streamReceiver(0, (socket) => {
      socket.on('data', (chunk) => {
        heardBytes += chunk.length
      })
      socket.on('end', () => {
        ended = true
      })
    })
    const scene = new Scene(receiver.address)
    await scene.is('open')
    let sent = 0
    while (scene.send('x'.repeat(100_000))) sent++
    await scene.socket.close()
    assert.deepEqual(scene.answers, Array(sent).fill('taken'))
    await eventually(() => ended && heardBytes === 100_000 * sent)
    assert.equal(scene.clock.pending, 0)
    assert.deepEqual(scene.errors, [])
  })

  it('does not wait for long for a receiver that takes nothing', async () => {
    await using receiver = await streamReceiver(0, (socket) => socket.pause())
    const scene = new Scene(receiver.address)
    await scene.is('open')
    let sent = 0
    while (scene.send('x'.repeat(1_000_000))) sent++
    let closed = false
    const closing = scene.socket.close().then(() => {
      closed = true
    })
    await scene.clock.advance(999)
    assert.equal(closed, false)
    await scene.clock.advance(1)
    await closing
    assert.equal(scene.answers.length, sent)
    assert.equal(scene.answers.at(-1), 'it was closed')
    assert.equal(scene.clock.pending, 0)
    assert.deepEqual(scene.errors, [])
  })

  it('ends whether it was connecting or down, as often as it is asked', async () => {
    const port = await unusedPort()
    for (const address of [
      `tcp://127.0.0.1:${port}`,
      `udp://127.0.0.1:${port}`,
      'unix:///nowhere/s',
      'udp://a.test:1',
    ]) {
      const connecting = new Scene(address, { lookup: () => {} })
      await connecting.socket.close()
      assert.deepEqual([connecting.clock.pending, connecting.errors], [0, []])
    }
    const down = new Scene(`tcp://127.0.0.1:${port}`)
    await down.is('down')
    await Promise.all([down.socket.close(), down.socket.close(), down.socket[Symbol.asyncDispose]()])
    assert.equal(down.clock.pending, 0)
    await down.clock.advance(3_600_000)
    assert.deepEqual([down.socket.state, down.ready], ['closed', 0])
  })

  it('ends in the middle of the change to another address', async () => {
    await using receiver = await datagramReceiver()
    let answer = () => {}
    let asked = 0
    const lookup: LookupFunction = (_name, _options, found) => {
      answer = () => found(null, [{ address: asked > 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }])
      if (asked++ < 2) setImmediate(answer)
    }
    const scene = new Scene(`udp://statsd.test:${receiver.port}`, { lookup })
    await scene.deliver('a')
    await scene.clock.advance(60_000)
    await scene.deliver('b')
    await eventually(() => asked === 3)
    await scene.socket.close()
    answer()
    await scene.clock.settle()
    assert.deepEqual([scene.clock.pending, scene.ready, scene.errors], [0, 1, []])
  })
})

/** Runs a program that has a socket to `address`, and gives what it said and how it ended. */
async function program(address: string, code: string): Promise<{ said: string; exitCode: unknown }> {
  const script = `
    import { Socket } from ${JSON.stringify(new URL('./socket.ts', import.meta.url).href)}
    const socket = new Socket(${JSON.stringify(address)})
    ${code}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const ended = once(child, 'exit')
    const said = await text(child.stdout)
    return { said, exitCode: (await ended)[0] }
  } finally {
    child.kill('SIGKILL')
  }
}

describe('a program', { concurrency: true }, () => {
  it('with an open socket ends when it has nothing to do', async () => {
    await using stream = await streamReceiver()
    await using datagrams = await datagramReceiver()
    for (const { address } of [stream, datagrams]) {
      const code = `
        socket.listen({
          onReady: () => socket.send(new TextEncoder().encode('bye')),
          onAnswer: (error) => console.log(error ?? socket.state),
        })
        setTimeout(() => {}, 200)`
      assert.deepEqual(await program(address, code), { said: 'open\n', exitCode: 0 })
    }
    await eventually(() => stream.text === 'bye' && datagrams.text === 'bye')
  })

  it('whose receiver is down ends when it has nothing to do', async () => {
    const address = `tcp://127.0.0.1:${await unusedPort()}`
    const code = `
      const look = setInterval(() => {
        if (socket.state === 'connecting') return
        clearInterval(look)
        console.log(socket.state)
      }, 10)`
    assert.deepEqual(await program(address, code), { said: 'down\n', exitCode: 0 })
  })

  it('that waits for the end of its socket comes to it', async () => {
    await using receiver = await streamReceiver(0, (socket) => socket.pause())
    const code = `
      socket.listen({ onAnswer() {}, onReady() {
        while (socket.send(new Uint8Array(1e6)));
        socket.close().then(() => console.log('closed'))
      } })
      setTimeout(() => {}, 200)`
    assert.deepEqual(await program(receiver.address, code), { said: 'closed\n', exitCode: 0 })
  })
})
