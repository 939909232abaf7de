// Tests of closing.ts: closing runs once, `closed` tells of it, and a real process with it ends as an orchestrator expects.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { Closing } from './closing.ts'

const bug = new Error('a bug')

/** How many listen for the signals of the process. */
const listeners = () => [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]
const more = (counts: readonly number[]) => counts.map((count) => count + 1)

describe('closing', () => {
  it('runs once, however often it is asked for, and all hear of the end', async () => {
    let runs = 0
    const end = Promise.withResolvers<void>()
    const closing = new Closing(() => {
      runs++
      return end.promise
    })
    const waits = [closing.close(), closing.close(), closing.closed]
    assert.equal(runs, 1)
    end.resolve()
    await Promise.all(waits)
    await closing.close()
    await closing.closed
    assert.equal(runs, 1)
  })

  it('does not begin because somebody waits for the end', async () => {
    const closing = new Closing(() => Promise.resolve())
    let closed = false
    const waiting = closing.closed.then(() => {
      closed = true
    })
    await Promise.resolve()
    assert.equal(closed, false)
    await closing.close()
    await waiting
  })

  it('that fails tells whoever asked for it and whoever waits, and nobody else', async () => {
    const failures = [
      () => Promise.reject(bug),
      () => {
        throw bug
      },
    ]
    for (const fail of failures) {
      const closing = new Closing(fail)
      const { closed } = closing
      // A rejection that nobody handles would fail this file.
      void closing.close().catch(() => {})
      await assert.rejects(closed, bug)
      await assert.rejects(closing.close(), bug)
      const unheard = new Closing(fail)
      void unheard.close()
      void unheard.closed
      await new Promise(setImmediate)
    }
  })

  it('listens for signals from the first look at closed until the end', async () => {
    const before = listeners()
    for (const fails of [false, true]) {
      const closing = new Closing(() => (fails ? Promise.reject(bug) : Promise.resolve()))
      assert.deepEqual(listeners(), before)
      closing.closed.catch(() => {})
      assert.deepEqual(listeners(), more(before))
      closing.closed.catch(() => {})
      assert.deepEqual(listeners(), more(before), 'once for all who wait')
      await closing.close().catch(() => {})
      assert.deepEqual(listeners(), before, 'before anyone hears of the end')
    }
  })

  it('that has begun listens for nothing on behalf of those who then wait', async () => {
    const before = listeners()
    const end = Promise.withResolvers<void>()
    const closing = new Closing(() => end.promise)
    const closed = closing.close()
    const waiting = closing.closed
    assert.deepEqual(listeners(), before)
    end.resolve()
    await Promise.all([closed, waiting])
    assert.deepEqual(listeners(), before)
  })
})

/** Runs a program with Closing in a process of its own, and sends it each signal as soon as it has said the word before it. */
async function program(code: string, ...steps: readonly (readonly [word: string, signal: NodeJS.Signals])[]) {
  const url = new URL('./closing.ts', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', `import { Closing } from '${url}'\n${code}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    const ended = once(child, 'close')
    const complaint = text(child.stderr)
    const next = [...steps]
    const said: string[] = []
    for await (const word of createInterface(child.stdout)) {
      said.push(word)
      if (word === next[0]?.[0]) child.kill(next.shift()?.[1])
    }
    const [exitCode, signal] = await ended
    return { exitCode, signal, said, complaint: await complaint }
  } finally {
    child.kill('SIGKILL')
  }
}

const closesGently = `
  const say = (word) => console.log(word)
  const first = new Closing(async () => say('closing'))
  const second = new Closing(async () => say('closing too'))
  const ends = [first.closed, second.closed]
  say('up')
  await Promise.all(ends)
  say('closed')`
const closesNever = `
  const closing = new Closing(() => { console.log('closing'); return new Promise(() => {}) })
  closing.closed.then(() => console.log('closed'))
  console.log('up')`

describe('a program', { concurrency: true }, () => {
  it('that waits for closed closes all it has on a signal, and then ends by itself with 0', async () => {
    const { exitCode, said } = await program(closesGently, ['up', 'SIGTERM'])
    assert.deepEqual(said, ['up', 'closing', 'closing too', 'closed'])
    assert.equal(exitCode, 0)
  })

  for (const [first, second, code] of [
    ['SIGTERM', 'SIGINT', 130],
    ['SIGINT', 'SIGTERM', 143],
  ] as const) {
    it(`that does not come to its end ends at once with ${code} when ${second} is the second signal`, async () => {
      const { exitCode, said } = await program(closesNever, ['up', first], ['closing', second])
      assert.deepEqual(said, ['up', 'closing'])
      assert.equal(exitCode, code)
    })
  }

  it('that waits for closed fails when closing failed', async () => {
    const code = `
      const closing = new Closing(() => Promise.reject(new Error('stuck')))
      const { closed } = closing
      console.log('up')
      await closed`
    const { exitCode, complaint } = await program(code, ['up', 'SIGINT'])
    assert.equal(exitCode, 1)
    assert.match(complaint, /Error: stuck/)
  })

  it('that does not wait for closed ends when it has nothing to do', async () => {
    const { exitCode, said } = await program('new Closing(async () => console.log("closing"))')
    assert.equal(exitCode, 0)
    assert.deepEqual(said, [])
  })

  it('that has closed is ended by a signal as any other', async () => {
    const code = `
      const closing = new Closing(async () => {})
      void closing.closed
      await closing.close()
      setInterval(() => {}, 1e6)
      console.log('up')`
    const { signal } = await program(code, ['up', 'SIGTERM'])
    assert.equal(signal, 'SIGTERM')
  })
})
