// A reader who stops reading: the program goes on, its memory stays bounded, and what the reader gets later are whole lines.
import assert from 'node:assert/strict'
import { closeSync } from 'node:fs'
import { describe, it } from 'node:test'
import { linesOf, pipe, program } from './program.ts'

/** Two hundred thousand lines, twenty megabytes, in two hundred turns; then what became of the program and of its lines. */
const flood = `
  const before = process.memoryUsage().rss
  let slowestMs = 0
  for (let turns = 0; turns < 200; turns++) {
    const startedAt = performance.now()
    log(stream, 1_000)
    await turn()
    slowestMs = Math.max(slowestMs, performance.now() - startedAt)
  }
  const report = () => process.stderr.write(JSON.stringify({
    lines, slowestMs, dropped: stream.dropped, grownBytes: process.memoryUsage().rss - before,
  }))`

interface Report {
  readonly lines: number
  readonly slowestMs: number
  readonly dropped: number
  readonly grownBytes: number
}

for (const kind of ['pipe', 'socket'] as const) {
  describe(`a reader of a ${kind} who stops`, () => {
    it('stops nobody else, and gets whole lines when he goes on, the newest among them', async () => {
      using out = pipe()
      const stdio =
        kind === 'pipe'
          ? (['ignore', out.writer, 'pipe', 'ipc'] as const)
          : (['ignore', 'pipe', 'pipe', 'ipc'] as const)
      const code = `
        const stream = stdout()
        ${flood}
        process.send('done')
        await new Promise((resolve) => process.once('message', resolve))
        process.disconnect()
        process.on('exit', report)`
      await using run = program(code, [...stdio])
      closeSync(out.writer)
      await new Promise((resolve) => run.child.once('message', resolve))
      run.child.send('go on')
      const written = run.child.stdout === null ? await out.read() : await readAll(run.child.stdout)
      const { code: exitCode, stderr } = await run.ended
      assert.equal(exitCode, 0)
      const { lines, slowestMs, dropped, grownBytes }: Report = JSON.parse(stderr)
      const { numbers, torn } = linesOf(written)
      assert.deepEqual(torn, [])
      assert.equal(numbers.length + dropped, lines)
      assert.ok(dropped > 100_000, `only ${dropped} were dropped`)
      assert.ok(numbers.every((n, index) => index === 0 || n > (numbers[index - 1] ?? 0)))
      assert.deepEqual([numbers[0], numbers.at(-1)], [0, lines - 1])
      assert.ok(slowestMs < 1_000, `a turn took ${slowestMs} ms`)
      assert.ok(grownBytes < 100_000_000, `it grew by ${grownBytes} bytes`)
    })

    it('keeps no program from exiting', async () => {
      using out = pipe()
      const stdout = kind === 'pipe' ? out.writer : 'pipe'
      for (const options of ['{}', '{ flushOnExit: true }']) {
        const code = `const stream = stdout(${options}); ${flood}; process.on('exit', report); process.exit(3)`
        await using run = program(code, ['ignore', stdout, 'pipe'])
        const ended = await run.ended
        assert.equal(ended.code, 3)
        assert.ok(ended.tookMs < 15_000, `it took ${ended.tookMs} ms`)
      }
      closeSync(out.writer)
      out.close()
    })

    it('keeps a program that has nothing else to do as long as it says, and no longer', async () => {
      using out = pipe()
      const stdout = kind === 'pipe' ? out.writer : 'pipe'
      const code = `
        const stream = stdout({ flushTimeoutMs: 500 })
        const startedAt = performance.now()
        log(stream, 10_000)
        process.on('exit', () => process.stderr.write(String(performance.now() - startedAt)))`
      await using run = program(code, ['ignore', stdout, 'pipe'])
      const { code: exitCode, stderr } = await run.ended
      const waitedMs = Number(stderr)
      assert.equal(exitCode, 0)
      assert.ok(waitedMs >= 500 && waitedMs < 5_000, `it waited ${waitedMs} ms`)
      closeSync(out.writer)
      out.close()
    })
  })
}

describe('a reader of a pipe who stops, after a child got the pipe too', () => {
  it('stops nobody else', async () => {
    using out = pipe()
    // To spawn makes what is shared blocking again, for the child and for us.
    const code = `
      import { spawn } from 'node:child_process'
      import { once } from 'node:events'
      void process.stdout
      const stream = stdout()
      await once(spawn(process.execPath, ['--version'], { stdio: ['ignore', 'inherit', 'ignore'] }), 'exit')
      ${flood}
      report()
      process.exit(3)`
    await using run = program(code, ['ignore', out.writer, 'pipe'])
    closeSync(out.writer)
    const { code: exitCode, stderr } = await run.ended
    assert.equal(exitCode, 3)
    const { slowestMs, dropped }: Report = JSON.parse(stderr)
    assert.ok(dropped > 100_000)
    assert.ok(slowestMs < 1_000, `a turn took ${slowestMs} ms`)
    out.close()
  })
})

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}
