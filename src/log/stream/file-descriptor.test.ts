// Tests of file-descriptor.ts.
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { LineWriter } from '../line-writer.ts'
import { fileDescriptor } from './file-descriptor.ts'

describe('fileDescriptor', () => {
  it('writes lines to a descriptor, and leaves it open', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'servicekit-stream-'))
    const path = join(folder, 'log')
    const fd = openSync(path, 'a')
    {
      await using stream = fileDescriptor(fd)
      stream.write('one\n')
      stream.write('zwölf\n')
      await stream.flush()
      assert.equal(readFileSync(path, 'utf8'), 'one\nzwölf\n')
      stream.write('three\n')
    }
    writeSync(fd, 'still open\n')
    assert.equal(readFileSync(path, 'utf8'), 'one\nzwölf\nthree\nstill open\n')
    closeSync(fd)
    rmSync(folder, { recursive: true })
  })

  it('refuses what is no descriptor, and options that make no sense', () => {
    for (const fd of [-1, 1.5, Number.NaN, 2 ** 31])
      assert.throws(() => fileDescriptor(fd), /^RangeError: fd must be an integer from 0 to/)
    assert.throws(() => fileDescriptor(1, { flushTimeoutMs: -1 }), /^RangeError: flushTimeoutMs/)
  })

  it('gives what sinks take, as the stream of Node is', () => {
    const writers: LineWriter[] = [fileDescriptor(1), process.stdout]
    assert.equal(writers.length, 2)
  })
})
