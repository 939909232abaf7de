// Which lines of a program arrive, by the way it ends: through pipes, sockets and files.
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { type Ended, linesOf, pipe, program, upTo } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'servicekit-ends-'))
after(() => rmSync(folder, { recursive: true }))

type Run = (code: string) => Promise<Ended & { readonly written: string }>

const targets: Readonly<Record<string, Run>> = {
  async pipe(code) {
    using out = pipe()
    await using run = program(code, ['ignore', out.writer, 'pipe'])
    closeSync(out.writer)
    return { written: await out.read(), ...(await run.ended) }
  },
  async socket(code) {
    await using run = program(code, ['ignore', 'pipe', 'pipe'])
    const written = run.child.stdout === null ? '' : await text(run.child.stdout)
    return { written, ...(await run.ended) }
  },
  async file(code) {
    const path = join(folder, 'out')
    const out = openSync(path, 'w')
    await using run = program(code, ['ignore', out, 'pipe'])
    closeSync(out)
    const ended = await run.ended
    return { written: readFileSync(path, 'utf8'), ...ended }
  },
}

for (const [target, run] of Object.entries(targets)) {
  describe(`lines to a ${target}`, () => {
    it('are all there when the program ends because nothing is left to do', async () => {
      const { written, code, stderr } = await run(`
        const stream = stdout()
        log(stream)
        await turn()
        log(stream, 2_000)
        setTimeout(() => log(stream, 1_000), 20)`)
      assert.deepEqual({ code, stderr, ...linesOf(written) }, { code: 0, stderr: '', numbers: upTo(3_001), torn: [] })
    })

    it('arrive while the program goes on', async () => {
      const { written } = await run(`
        const stream = stdout()
        log(stream)
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1_000)`)
      assert.deepEqual(linesOf(written).numbers, [0])
    })

    it('are lost when the program exits in the turn that wrote them, unless it flushes on exit', async () => {
      const exits = (options: string) => `const stream = stdout(${options}); log(stream, 10); process.exit(3)`
      const lost = await run(exits(''))
      assert.deepEqual([lost.code, lost.written], [3, ''])
      const kept = await run(exits('{ flushOnExit: true }'))
      assert.deepEqual([kept.code, linesOf(kept.written).numbers], [3, upTo(10)])
    })

    it('are all there after an exit in the midst of many, those of other listeners included', async () => {
      const { written, code, stderr } = await run(`
        const stream = stdout({ flushOnExit: true })
        process.on('exit', () => log(stream, 3))
        for (let turns = 0; turns < 50; turns++) {
          log(stream, 1 + (turns * 37) % 100)
          await turn()
        }
        log(stream, 100)
        process.on('exit', () => process.stderr.write(String(lines)))
        process.exit(3)`)
      assert.deepEqual({ code, ...linesOf(written) }, { code: 3, numbers: upTo(Number(stderr)), torn: [] })
      assert.ok(Number(stderr) > 2_000)
    })

    for (const [how, fails] of [
      ['an exception', `throw new Error('mine')`],
      ['a rejection', `Promise.reject(new Error('mine'))`],
    ] as const) {
      it(`are all there when ${how} that nobody catches ends the program`, async () => {
        const { written, code, stderr } = await run(`
          const stream = stdout({ flushOnExit: true })
          log(stream, 1_000)
          setTimeout(() => { log(stream, 1_000); ${fails} }, 10)`)
        const { numbers, torn } = linesOf(written)
        assert.deepEqual({ code, numbers, torn }, { code: 1, numbers: upTo(2_000), torn: [] })
        assert.match(stderr, /Error: mine/)
      })
    }

    it('are all there once the stream is disposed, although the program exits then', async () => {
      const { written, code } = await run(`
        {
          await using stream = stdout()
          log(stream, 20_000)
        }
        process.exit(0)`)
      assert.deepEqual({ code, ...linesOf(written) }, { code: 0, numbers: upTo(20_000), torn: [] })
    })
  })
}

describe('lines to /dev/null', () => {
  it('keep nobody from ending', async () => {
    await using run = program(`const stream = stdout(); log(stream, 1_000)`, ['ignore', 'ignore', 'pipe'])
    const { code, stderr } = await run.ended
    assert.deepEqual([code, stderr], [0, ''])
  })
})
