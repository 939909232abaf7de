// Tests of closing.ts: closing runs once, `closed` tells of it, and a real process with it ends as an orchestrator expects.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { eventually } from '../testing/eventually.ts'
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
      await assert.rejects(unheard.close(), bug)
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

/** Runs a program with Closing in a process of its own, and sends it each signal when it has said the word before it. */
async function program(code: string, ...steps: readonly (readonly [word: string, signal: NodeJS.Signals])[]) {
  const url = new URL('./closing.ts', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', `import { Closing } from '${url}'\n${code}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let complained = ''
  child.stdout.on('data', (text) => {
    said += text
  })
  child.stderr.on('data', (text) => {
    complained += text
  })
  const ended = once(child, 'close')
  try {
    for (const [word, signal] of steps) {
      await eventually(() => said.includes(`${word}\n`))
      child.kill(signal)
    }
    const [exitCode, signal] = await ended
    return { exitCode, signal, said: said.trim().split('\n'), complained }
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

describe('a program that waits for closed', { concurrency: true }, () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`closes all it has on ${signal}, and then ends by itself with 0`, async () => {
      const { exitCode, said } = await program(closesGently, ['up', signal])
      assert.deepEqual(said, ['up', 'closing', 'closing too', 'closed'])
      assert.equal(exitCode, 0)
    })
  }

  for (const [second, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`ends at once with ${code} when ${second} is the second signal`, async () => {
      const { exitCode, said } = await program(closesNever, ['up', 'SIGTERM'], ['closing', second])
      assert.deepEqual(said, ['up', 'closing'])
      assert.equal(exitCode, code)
    })
  }

  it('fails when closing failed', async () => {
    const code = `
      const closing = new Closing(() => Promise.reject(new Error('stuck')))
      console.log('up')
      await closing.closed`
    const { exitCode, complained } = await program(code, ['up', 'SIGTERM'])
    assert.equal(exitCode, 1)
    assert.match(complained, /Error: stuck/)
  })
})

describe('a program that does not wait for closed', { concurrency: true }, () => {
  it('ends when it has nothing to do', async () => {
    const { exitCode } = await program('new Closing(async () => console.log("closing"))')
    assert.equal(exitCode, 0)
  })

  it('is ended by a signal as any other, also once it has closed', async () => {
    const code = `
      const closing = new Closing(async () => {})
      void closing.closed
      await closing.close()
      await null
      setInterval(() => {}, 1e6)
      console.log('up')`
    const { signal } = await program(code, ['up', 'SIGTERM'])
    assert.equal(signal, 'SIGTERM')
  })
})
