// Tests of file.ts: with real files, which answer at once.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { type FileOptions, file } from './file.ts'
import type { StreamFailure } from './line-stream.ts'

const root = mkdtempSync(join(tmpdir(), 'servicekit-file-'))
after(() => rmSync(root, { recursive: true }))

let folders = 0
function fresh(): string {
  const folder = join(root, `${folders++}`)
  mkdirSync(folder)
  return join(folder, 'log')
}

const read = (path: string) => readFileSync(path, 'utf8')

describe('file', () => {
  it('appends lines to a file, and creates it for its owner and group', async () => {
    const path = fresh()
    for (const text of ['one\n', 'two\n']) {
      await using stream = file(path)
      stream.write(text)
    }
    assert.equal(read(path), 'one\ntwo\n')
    assert.equal(statSync(path).mode & 0o777, 0o640 & ~process.umask())
  })

  it('creates it with the mode that is given', async () => {
    const path = fresh()
    await using _stream = file(path, { mode: 0o600 })
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })

  it('fails at once when the file cannot be opened', () => {
    const path = join(fresh(), 'below', 'log')
    assert.throws(() => file(path), { code: 'ENOENT', path })
    assert.throws(() => file(root), { code: 'EISDIR' })
  })

  it('fails at once for a named pipe that nobody reads, rather than wait', () => {
    const path = fresh()
    execFileSync('mkfifo', [path])
    assert.throws(() => file(path), { code: 'ENXIO' })
  })

  it('writes to a named pipe within the turn as far as that takes it', async () => {
    const path = fresh()
    execFileSync('mkfifo', [path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stream = file(path)
    const line = `${'x'.repeat(999)}\n`
    for (let n = 0; n < 66; n++) stream.write(line)
    assert.equal(readSync(reader, Buffer.alloc(100_000)), 65_000)
    closeSync(reader)
    await stream[Symbol.asyncDispose]()
    assert.equal(stream.dropped, 1)
  })

  it('refuses options that make no sense, and then leaves no file', () => {
    const path = fresh()
    const refused: readonly [FileOptions, RegExp][] = [
      [{ mode: 0o1000 }, /^RangeError: mode must be an integer from 0 to 511/],
      [{ mode: '640' as unknown as number }, /^TypeError: mode/],
      [{ reopenOnSighup: 1 as unknown as boolean }, /^TypeError: reopenOnSighup/],
      [{ maxPendingBytes: 0 }, /^RangeError: maxPendingBytes/],
    ]
    for (const [options, message] of refused) assert.throws(() => file(path, options), message)
    assert.throws(() => file(''), /^TypeError: path must be the path of a file/)
    assert.throws(() => statSync(path), { code: 'ENOENT' })
  })
})

describe('reopening a file', () => {
  it('loses no line when it was moved away', async () => {
    const path = fresh()
    await using stream = file(path)
    let written = ''
    const write = (n: number) => {
      stream.write(`${n}\n`)
      written += `${n}\n`
    }
    for (let n = 0; n < 30; n++) {
      if (n % 10 === 5) {
        renameSync(path, `${path}.${n}`)
        write(n)
        stream.reopen()
      }
      write(n)
      if (n % 3 === 0) await stream.flush()
    }
    await stream.flush()
    assert.equal(read(`${path}.5`) + read(`${path}.15`) + read(`${path}.25`) + read(path), written)
    assert.ok(read(path).length > 0)
    assert.equal(stream.dropped, 0)
  })

  it('writes on to the old one while the new one cannot be opened, tells once, and tries again', async () => {
    const path = fresh()
    const clock = manualClock()
    const failures = recorder<StreamFailure>()
    await using stream = file(path, { clock, onError: failures })
    const folder = join(path, '..')
    renameSync(folder, `${folder}-old`)
    stream.reopen()
    await clock.advance(10_000)
    stream.write('old\n')
    await stream.flush()
    assert.equal(read(join(`${folder}-old`, 'log')), 'old\n')
    assert.deepEqual(
      failures.events.map(({ error, isFinal }) => [error.code, isFinal]),
      [['ENOENT', false]],
    )
    mkdirSync(folder)
    await clock.advance(120_000)
    stream.write('new\n')
    await stream.flush()
    assert.equal(read(path), 'new\n')
    assert.equal(clock.pending, 0)
  })

  it('ends with the stream', async () => {
    const path = fresh()
    const clock = manualClock()
    const stream = file(path, { clock })
    rmSync(join(path, '..'), { recursive: true })
    stream.reopen()
    assert.equal(clock.pending, 1)
    await stream[Symbol.asyncDispose]()
    assert.equal(clock.pending, 0)
    stream.reopen()
    assert.equal(clock.pending, 0)
  })

  it('happens on SIGHUP when that was asked for, and only until the end', async () => {
    const path = fresh()
    const before = process.listenerCount('SIGHUP')
    await using _other = file(path)
    assert.equal(process.listenerCount('SIGHUP'), before)
    {
      await using stream = file(path, { reopenOnSighup: true })
      renameSync(path, `${path}.old`)
      process.listeners('SIGHUP').at(-1)?.('SIGHUP')
      stream.write('new\n')
    }
    assert.equal(read(path), 'new\n')
    assert.equal(process.listenerCount('SIGHUP'), before)
  })
})
