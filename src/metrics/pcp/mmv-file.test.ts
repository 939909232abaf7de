// Tests of mmv-file.ts: over files in memory, with faults.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failure, MemoryFiles } from '../../../test/platform/memory-files.ts'
import { MmvFile } from './mmv-file.ts'

const path = '/mmv/shop'
const draftPath = '/mmv/.shop.7'

/** 32 bytes with a first generation of `n`. */
const bytesOf = (n: number): Uint8Array => new Uint8Array(32).fill(n, 8, 16)
const generations = (bytes: Uint8Array | undefined) => [bytes?.[8], bytes?.[16]]

function scene() {
  const files = new MemoryFiles()
  const file = new MmvFile(path, 7, files)
  const now = () => files.files.get(path)
  return { files, file, now }
}

describe('MmvFile', () => {
  it('has its second generation last, and its name only then', async () => {
    const { files, file, now } = scene()
    const seen: unknown[] = []
    files.fault = (operation) => {
      if (operation === 'rename') seen.push([files.files.has(path), ...generations(files.files.get(draftPath)?.bytes)])
      return undefined
    }
    await file.replace(bytesOf(1))
    assert.deepEqual(files.log, ['0+32', '16+8'])
    assert.deepEqual(seen, [[false, 1, 1]])
    assert.deepEqual(generations(now()?.bytes), [1, 1])
    assert.deepEqual([...files.files.keys()], [path])
    assert.equal(await file.owner(), 'us')
  })

  it('tells by its generations that it was replaced', async () => {
    const { file, files, now } = scene()
    await file.replace(bytesOf(1))
    const old = now()
    await file.replace(bytesOf(2))
    assert.deepEqual([...generations(now()?.bytes), ...generations(old?.bytes)], [2, 2, 0, 0])
    assert.equal(files.openFiles, 1)
  })

  it('is changed in place, where it was told', async () => {
    const { file, files, now } = scene()
    await file.update(bytesOf(9), { start: 0, end: 8 })
    await file.replace(bytesOf(1))
    const { ino } = now() ?? {}
    files.log.length = 0
    files.mostBytes = 3
    await file.update(new Uint8Array(32).fill(5), { start: 24, end: 32 })
    assert.deepEqual([...(now()?.bytes.subarray(23) ?? [])], [1, 5, 5, 5, 5, 5, 5, 5, 5])
    assert.deepEqual(files.log, ['24+3', '27+3', '30+2'])
    assert.equal(now()?.ino, ino)
  })

  it('stays as it was when there is no room for a new one, and leaves nothing behind', async () => {
    for (const failing of ['open', 'write', 'rename'] as const) {
      const { file, files, now } = scene()
      await file.replace(bytesOf(1))
      const old = now()
      files.fault = (operation) => (operation === failing ? failure('ENOSPC') : undefined)
      await assert.rejects(file.replace(bytesOf(2)), { code: 'ENOSPC' })
      assert.equal(now(), old)
      assert.deepEqual(generations(old?.bytes), [1, 1])
      assert.deepEqual([...files.files.keys(), files.openFiles], [path, 1])
      files.fault = () => undefined
      await file.replace(bytesOf(3))
      assert.deepEqual(generations(now()?.bytes), [3, 3])
    }
  })

  it('takes no draft of others, a link say', async () => {
    const { file, files } = scene()
    // It comes back at once, as one that another process makes.
    files.fault = (operation) => {
      if (operation === 'open') files.files.set(draftPath, { ino: 99, bytes: new Uint8Array() })
      return undefined
    }
    await assert.rejects(file.replace(bytesOf(1)), { code: 'EEXIST' })
  })

  it('knows whose file is there', async () => {
    const { file, files } = scene()
    assert.equal(await file.owner(), 'nobody')
    files.files.set(path, { ino: 99, bytes: new Uint8Array() })
    assert.equal(await file.owner(), 'others')
    await file.replace(bytesOf(1))
    assert.equal(await file.owner(), 'us')
    files.files.delete(path)
    assert.equal(await file.owner(), 'nobody')
    files.fault = () => failure('EACCES')
    await assert.rejects(file.owner(), { code: 'EACCES' })
  })

  it('is taken away at its end, unless it is another one by then', async () => {
    const { file, files, now } = scene()
    await file.remove()
    await file.replace(bytesOf(1))
    const old = now()
    await file.remove()
    assert.deepEqual([files.files.size, files.openFiles, ...generations(old?.bytes)], [0, 0, 0, 0])
    await file.remove()
    await file.replace(bytesOf(2))
    const other = { ino: 99, bytes: bytesOf(9) }
    files.files.set(path, other)
    await file.remove()
    assert.deepEqual([now(), files.openFiles, ...generations(other.bytes)], [other, 0, 9, 0])
  })
})
