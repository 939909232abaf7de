// Tests of pcp.ts: over real files.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { endianness, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readMmv } from '../../../test/platform/mmv-reader.ts'
import { eventually } from '../../testing/eventually.ts'
import { pcp } from './pcp.ts'

async function scene() {
  const folder = await mkdtemp(join(tmpdir(), 'servicekit-pcp-'))
  const path = join(folder, 'shop')
  return {
    folder,
    path,
    read: async () => readMmv(await readFile(path), endianness() === 'LE'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

describe('pcp', () => {
  it('writes a file, changes it in place, and takes it away', async () => {
    await using there = await scene()
    const metrics = pcp({ name: 'shop', folder: there.folder })
    const hits = metrics.counter({ name: 'hits' })
    hits.add(2)
    await metrics.flush()
    const { ino, mode } = await stat(there.path)
    assert.equal(mode & 0o777, 0o644 & ~process.umask())
    hits.add()
    await metrics.flush()
    assert.deepEqual((await there.read()).values, [{ metric: 'hits', instance: '', value: 3 }])
    assert.equal((await stat(there.path)).ino, ino)
    metrics.gauge({ name: 'level' }).set(-1)
    await metrics.flush()
    assert.equal((await there.read()).values.length, 2)
    assert.deepEqual(await readdir(there.folder), ['shop'])
    await metrics[Symbol.asyncDispose]()
    assert.deepEqual(await readdir(there.folder), [])
  })

  it('does so by itself', async () => {
    await using there = await scene()
    await using metrics = pcp({ name: 'shop', folder: there.folder, intervalMs: 20 })
    metrics.counter({ name: 'hits' }).add(2)
    await eventually(async () => (await there.read()).values[0]?.value === 2)
  })

  it('goes on when its folder vanishes and comes back', async () => {
    await using there = await scene()
    await using metrics = pcp({ name: 'shop', folder: there.folder })
    const hits = metrics.counter({ name: 'hits' })
    hits.add()
    await metrics.flush()
    await rm(there.folder, { recursive: true })
    hits.add()
    await metrics.flush()
    assert.equal(metrics.stats.failures, 1)
    assert.match(metrics.stats.lastError?.message ?? '', /shop: ENOENT/)
    await mkdir(there.folder)
    hits.add()
    await metrics.flush()
    assert.equal((await there.read()).values[0]?.value, 3)
    assert.equal(metrics.stats.failures, 1)
  })

  it('takes the place of a file that an earlier process left', async () => {
    await using there = await scene()
    const earlier = pcp({ name: 'shop', folder: there.folder })
    earlier.counter({ name: 'old' }).add()
    await earlier.flush()
    await using metrics = pcp({ name: 'shop', folder: there.folder })
    metrics.counter({ name: 'hits' }).add()
    await metrics.flush()
    // It finds that the file is no longer its own, and leaves it.
    await earlier[Symbol.asyncDispose]()
    assert.equal((await there.read()).values[0]?.metric, 'hits')
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => pcp({ name: 'a/b' }), { name: 'TypeError', message: /^name must be/ })
    assert.throws(() => pcp({ name: 'a', intervalMs: 1 }), { name: 'RangeError', message: /^intervalMs must be/ })
  })
})
