import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { statsOf } from './stats-of.ts'

const folder = mkdtempSync(join(tmpdir(), 'servicekit-stats-'))
after(() => rmSync(folder, { recursive: true }))

describe('statsOf', () => {
  it('gives what is known of each, in their order, and why nothing is', async () => {
    const names = Array.from({ length: 300 }, (_, at) => `${at}`)
    for (const name of names) if (name !== '7') writeFileSync(join(folder, name), 'x'.repeat(Number(name)))
    const found = await statsOf(folder, names)
    assert.equal(found.length, names.length)
    for (const [at, stats] of found.entries())
      if (at === 7) assert.equal((stats as NodeJS.ErrnoException).code, 'ENOENT')
      else assert.ok(!(stats instanceof Error) && stats.size === at)
  })

  it('follows no links', async () => {
    symlinkSync('nowhere', join(folder, 'link'))
    const [stats] = await statsOf(folder, ['link'])
    assert.ok(stats !== undefined && !(stats instanceof Error) && stats.isSymbolicLink())
  })

  it('gives nothing for nothing', async () => assert.deepEqual(await statsOf(folder, []), []))
})
