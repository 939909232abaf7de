// A file that is moved away while a program logs to it, as logrotate does, and SIGHUP.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { eventually } from 'servicekit/testing/eventually'
import { linesOf, program, upTo } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'servicekit-rotation-'))
after(() => rmSync(folder, { recursive: true }))

const read = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

describe('a file that is moved away while lines are written', () => {
  for (const sync of [false, true]) {
    it(`is opened again on SIGHUP, no line is lost, and none is there twice, written ${sync ? 'at once' : 'in the background'}`, async () => {
      const path = join(folder, `log-${sync}`)
      const code = `
        import { readdirSync } from 'node:fs'
        const stream = file(${JSON.stringify(path)}, { reopenOnSighup: true, sync: ${sync} })
        let goesOn = true
        process.once('message', () => { goesOn = false })
        while (goesOn) {
          log(stream, 20)
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        process.disconnect()
        await stream.flush()
        process.stderr.write(JSON.stringify({ lines, dropped: stream.dropped, open: readdirSync('/proc/self/fd').length }))`
      await using run = program(code, ['ignore', 'ignore', 'pipe', 'ipc'])
      const moved: string[] = []
      for (let round = 0; round < 5; round++) {
        await eventually(() => linesOf(read(path)).numbers.length >= 40)
        moved.push(`${path}.${round}`)
        renameSync(path, `${path}.${round}`)
        run.child.kill('SIGHUP')
        if (round === 2) run.child.kill('SIGHUP')
      }
      await eventually(() => read(path) !== '')
      run.child.send('stop')
      const { code: exitCode, stderr } = await run.ended
      assert.equal(exitCode, 0, stderr)
      const { lines, dropped, open } = JSON.parse(stderr)
      const texts = [...moved, path].map(read)
      for (const text of texts) assert.deepEqual(linesOf(text).torn, [])
      assert.deepEqual(linesOf(texts.join('')).numbers, upTo(lines))
      assert.equal(dropped, 0)
      assert.ok(open < 40, `${open} descriptors are open`)
    })
  }
})

describe('SIGHUP', () => {
  const waits = (options: string) => `
    const stream = file(${JSON.stringify(join(folder, 'signal'))}, ${options})
    process.send('ready')
    process.once('message', () => process.disconnect())`

  async function hangUp(options: string) {
    await using run = program(waits(options), ['ignore', 'ignore', 'pipe', 'ipc'])
    await new Promise((resolve) => run.child.once('message', resolve))
    run.child.kill('SIGHUP')
    if (run.child.connected) run.child.send('end', () => {})
    const { code, signal } = await run.ended
    return { code, signal }
  }

  it('ends a program by default, and not one that reopens its file on it', async () => {
    assert.deepEqual(await hangUp('{}'), { code: null, signal: 'SIGHUP' })
    assert.deepEqual(await hangUp('{ reopenOnSighup: true }'), { code: 0, signal: null })
    assert.ok(readdirSync(folder).includes('signal'))
  })
})
