// Tests of open-files.ts, with a folder such as Linux shows; on Linux also with its own.
import assert from 'node:assert/strict'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { variables } from '../expvar/variables.ts'
import { registry } from '../registry.ts'
import { openFiles } from './open-files.ts'

const isHidden = !existsSync('/proc/self/fd') && 'this system does not show open files'

function read(folder?: string) {
  const metrics = registry()
  const part = openFiles(metrics, folder)
  return {
    part,
    get seen() {
      part?.read()
      const {
        'process.unix.file_descriptor.count': count,
        'process.unix.file_descriptor.limit': limit,
        ...others
      } = Object.fromEntries(variables(metrics.collect()))
      assert.deepEqual(others, {})
      return { count, limit }
    },
  }
}

describe('openFiles', () => {
  let folder = ''

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'open-files-'))
    mkdirSync(join(folder, 'fd'))
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  const writeLimits = (lines: string) =>
    writeFileSync(
      join(folder, 'limits'),
      `Limit                     Soft Limit           Hard Limit           Units\n${lines}`,
    )

  it('tells the soft limit, and nothing of one that is none', () => {
    writeLimits('Max processes             96365                96365                processes\n')
    assert.equal(read(folder).seen.limit, null)
    writeLimits('Max open files            20000                40000                files\n')
    assert.equal(read(folder).seen.limit, 20_000)
    writeLimits('Max open files            unlimited            unlimited            files\n')
    assert.equal(read(folder).seen.limit, null)
  })

  it('keeps what it was when it cannot be read', () => {
    writeLimits('Max open files            20000                40000                files\n')
    const metrics = registry()
    const part = openFiles(metrics, folder)
    part?.read()
    rmSync(join(folder, 'limits'))
    assert.throws(() => part?.read())
    assert.equal(Object.fromEntries(variables(metrics.collect()))['process.unix.file_descriptor.limit'], 20_000)
  })

  it('is no part where there is nothing like it', () => {
    assert.equal(read(join(folder, 'none')).part, undefined)
    assert.deepEqual(read(join(folder, 'none')).seen, { count: undefined, limit: undefined })
  })

  it('is of this process', { skip: isHidden }, () => {
    const files = read()
    const before = files.seen
    const open = Array.from({ length: 50 }, () => openSync(import.meta.filename, 'r'))
    const after = files.seen
    for (const file of open) closeSync(file)
    assert.equal(Number(after.count) - Number(before.count), 50)
    assert.ok(after.limit === null || Number(after.limit) >= Number(after.count))
  })
})
