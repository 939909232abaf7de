import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { seededRandom } from '../../primitives/random.ts'
import { largestLeaseBytes } from './lease.ts'
import { isTemporary, leaseFileName, readLease, removeLease, renewLease, writeLease } from './lease-file.ts'

const root = mkdtempSync(join(tmpdir(), 'servicekit-lease-'))
after(() => rmSync(root, { recursive: true }))

let folders = 0
function fresh(): string {
  const folder = join(root, `${folders++}`)
  mkdirSync(folder)
  return folder
}

describe('lease file', () => {
  it('has a name that is never used again, and says whose it is', () => {
    const random = seededRandom(1)
    const names = Array.from({ length: 1_000 }, () => leaseFileName('10.0.0.1:8080', random))
    assert.equal(new Set(names).size, 1_000)
    for (const name of names) {
      assert.ok(name.startsWith(`10.0.0.1%3a8080@${process.pid}-`), name)
      assert.ok(name.endsWith('.json'), name)
    }
    assert.ok(leaseFileName('X'.repeat(1_000), random).length < 138)
  })

  it('is written whole, for all who may look into the folder, and was last touched when it says', async () => {
    const folder = fresh()
    await writeLease(folder, 'a.json', 'text', 1_767_225_600_123)
    assert.deepEqual(readdirSync(folder), ['a.json'])
    assert.equal(readFileSync(join(folder, 'a.json'), 'utf8'), 'text')
    const { mtimeMs, mode } = statSync(join(folder, 'a.json'))
    assert.equal(Math.round(mtimeMs), 1_767_225_600_123)
    assert.equal(mode & 0o777, 0o644 & ~process.umask())
  })

  it('leaves nothing when it cannot be written', async () => {
    const folder = fresh()
    mkdirSync(join(folder, 'a.json'))
    await assert.rejects(writeLease(folder, 'a.json', 'text', 0))
    assert.deepEqual(readdirSync(folder), ['a.json'])
    await assert.rejects(writeLease(join(folder, 'none'), 'a.json', 'text', 0), { code: 'ENOENT' })
  })

  it('is touched, and says when it is gone', async () => {
    const folder = fresh()
    const path = join(folder, 'a.json')
    await writeLease(folder, 'a.json', 'text', 1_000)
    await renewLease(path, 2_000)
    assert.equal(statSync(path).mtimeMs, 2_000)
    await removeLease(path)
    await removeLease(path)
    await assert.rejects(renewLease(path, 3_000), /somebody has removed the lease .*a\.json/)
    assert.deepEqual(readdirSync(folder), [])
  })

  it('tells what is being written from what is there', () => {
    assert.equal(isTemporary(`.${leaseFileName('a', seededRandom(1))}.tmp`), true)
    // Those who tidy up must not take what is somebody else's.
    assert.equal(isTemporary('.a.tmp'), false)
    assert.equal(isTemporary('a.json'), false)
    assert.equal(isTemporary('.nfs0001'), false)
  })

  it('is read up to the largest size there is', async () => {
    const path = join(fresh(), 'a.json')
    writeFileSync(path, 'x'.repeat(largestLeaseBytes))
    assert.equal((await readLease(path)).length, largestLeaseBytes)
    writeFileSync(path, 'x'.repeat(10 * largestLeaseBytes))
    await assert.rejects(readLease(path), /larger than 65536 bytes/)
  })

  const noLinks = process.platform === 'win32' ? 'Windows has other links' : false
  it('is never a link, a pipe or a folder', { skip: noLinks, timeout: 10_000 }, async () => {
    const folder = fresh()
    symlinkSync('/etc/hostname', join(folder, 'link'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    writeFileSync(join(folder, 'other'), '')
    utimesSync(join(folder, 'other'), 1, 1)
    symlinkSync('other', join(folder, 'mine'))
    await renewLease(join(folder, 'mine'), 2_000)
    assert.equal(statSync(join(folder, 'other')).mtimeMs, 1_000)
    await assert.rejects(readLease(join(folder, 'link')), { code: 'ELOOP' })
    await assert.rejects(readLease(join(folder, 'pipe')), /no regular file/)
    await assert.rejects(readLease(folder), /no regular file/)
  })
})
