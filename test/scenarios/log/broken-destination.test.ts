// Destinations that take nothing: a reader who has gone, a full disk, a descriptor that somebody closed.
import assert from 'node:assert/strict'
import { closeSync } from 'node:fs'
import { describe, it } from 'node:test'
import { pipe, program } from './program.ts'

const told = `
  const told = []
  const options = {
    flushTimeoutMs: 300,
    onError: ({ error, isFinal }) => told.push(error.code, isFinal),
    onDrop: ({ total }) => told.push(total),
  }
  const report = (stream) => process.on('exit', () => process.stderr.write(JSON.stringify([...told, stream.dropped])))`

const some = `for (let n = 0; n < 5; n++) { log(stream, 10); await new Promise((resolve) => setTimeout(resolve, 300)) }`

for (const kind of ['pipe', 'socket'] as const) {
  describe(`a ${kind} whose reader has gone`, () => {
    for (const options of ['options', '{ ...options, flushOnExit: true }']) {
      it(`costs the lines and nothing else, with ${options}`, async () => {
        using out = pipe()
        const stdio =
          kind === 'pipe'
            ? (['ignore', out.writer, 'pipe', 'ipc'] as const)
            : (['ignore', 'pipe', 'pipe', 'ipc'] as const)
        const code = `${told}
          const stream = stdout(${options})
          report(stream)
          await new Promise((resolve) => process.once('message', resolve))
          process.disconnect()
          ${some}
          log(stream, 10)`
        await using run = program(code, [...stdio])
        closeSync(out.writer)
        out.close()
        run.child.stdout?.destroy()
        run.child.send('go on')
        const { code: exitCode, signal, stderr } = await run.ended
        assert.deepEqual([exitCode, signal], [0, null])
        const [error, isFinal, ...drops] = JSON.parse(stderr)
        assert.deepEqual([error, isFinal], ['EPIPE', true])
        assert.equal(drops.at(-1), 60)
      })
    }
  })
}

describe('a full disk', () => {
  for (const sync of [true, false]) {
    it(`costs lines and nothing else, written ${sync ? 'at once' : 'in the background'}`, async () => {
      const code = `${told}
        {
          await using stream = file('/dev/full', { ...options, sync: ${sync}, maxPendingBytes: 2_048 })
          report(stream)
          ${some}
        }`
      await using run = program(code, ['ignore', 'ignore', 'pipe'])
      const { code: exitCode, stderr } = await run.ended
      assert.equal(exitCode, 0)
      const said: unknown[] = JSON.parse(stderr)
      assert.deepEqual(said.slice(0, 2), ['ENOSPC', false])
      assert.equal(said.filter((one) => one === 'ENOSPC').length, 1)
      assert.equal(said.at(-1), 50)
    })
  }

  it('lets a program end', async () => {
    const code = `${told}
      const stream = file('/dev/full', { ...options, flushOnExit: true })
      report(stream)
      log(stream)`
    await using run = program(code, ['ignore', 'ignore', 'pipe'])
    const { code: exitCode, stderr } = await run.ended
    assert.equal(exitCode, 0)
    assert.deepEqual(JSON.parse(stderr), ['ENOSPC', false, 1, 1])
  })
})

describe('a descriptor that somebody closed', () => {
  it('is written to no more', async () => {
    const code = `${told}
      import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
      const fd = openSync('/dev/null', 'a')
      const stream = fileDescriptor(fd, options)
      report(stream)
      closeSync(fd)
      log(stream)
      await stream.flush()
      if (openSync('/dev/full', 'a') !== fd) throw new Error('it got another number')
      ${some}`
    await using run = program(code, ['ignore', 'ignore', 'pipe'])
    const { code: exitCode, stderr } = await run.ended
    assert.equal(exitCode, 0, stderr)
    const said: unknown[] = JSON.parse(stderr)
    assert.deepEqual(said.slice(0, 2), ['EBADF', true])
    assert.equal(said.at(-1), 51)
    assert.ok(!said.includes('ENOSPC'))
  })
})
