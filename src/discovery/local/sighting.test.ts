import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, type Stats, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { instanceAt } from '../instance.ts'
import { leaseText } from './lease.ts'
import { type Owner, thisOwner } from './owner.ts'
import { isOld, type Look, Sighting } from './sighting.ts'

const root = mkdtempSync(join(tmpdir(), 'servicekit-sighting-'))
after(() => rmSync(root, { recursive: true }))

const wallStart = 1_767_225_600_000
const here = thisOwner()

/** A look that the reader takes after some time. */
function lookAt(lookedMs: number): Look {
  return { lookedMs, wallNow: wallStart + lookedMs, place: here.place, ended: new Map() }
}

let files = 0
/** A file that holds a lease of five seconds, touched some time after the start. */
function written(owner: Owner, touchedMs = 0): { readonly file: string; stats(): Stats; touch(ms: number): Stats } {
  const file = join(root, `${files++}.json`)
  const lease = { service: 'orders', instance: instanceAt('a:1'), owner, leaseMs: 5_000, announcedAt: wallStart }
  const stats = () => statSync(file)
  const touch = (ms: number) => {
    utimesSync(file, 0, (wallStart + ms) / 1_000)
    return stats()
  }
  writeFileSync(file, leaseText(lease))
  touch(touchedMs)
  return { file, stats, touch }
}

const elsewhere: Owner = { pid: 1, place: 'elsewhere' }

describe('Sighting', () => {
  it('wants a file read once, and not again when it was only touched', async () => {
    const { file, stats, touch } = written(elsewhere)
    const sighting = new Sighting(file, stats().mtimeMs, lookAt(0))
    assert.equal(sighting.see(stats(), lookAt(0)), true)
    assert.equal(sighting.isThere(lookAt(0)), false)
    await sighting.read(stats(), 'orders', lookAt(0))
    assert.equal(sighting.isThere(lookAt(0)), true)
    assert.equal(sighting.see(stats(), lookAt(0)), false)
    assert.equal(sighting.see(touch(1_000), lookAt(1_000)), false)
    writeFileSync(file, 'another')
    assert.equal(sighting.see(stats(), lookAt(2_000)), true)
  })

  it('wants what made no sense read again when it was touched, and what could not be read always', async () => {
    const { file, stats, touch } = written(elsewhere)
    const sighting = new Sighting(file, stats().mtimeMs, lookAt(0))
    await assert.rejects(sighting.read(stats(), 'bills', lookAt(0)), /service must be "bills"/)
    assert.equal(sighting.see(stats(), lookAt(0)), false)
    assert.equal(sighting.see(touch(1_000), lookAt(1_000)), true)
    const last = stats()
    rmSync(file)
    await assert.rejects(sighting.read(last, 'orders', lookAt(0)), { code: 'ENOENT' })
    assert.equal(sighting.see(last, lookAt(0)), true)
  })

  it('holds until its length has passed in the time of the reader, whatever the clocks say', async () => {
    const { file, stats, touch } = written(elsewhere, 3_600_000)
    const sighting = new Sighting(file, stats().mtimeMs, lookAt(0))
    await sighting.read(stats(), 'orders', lookAt(0))
    assert.equal(sighting.isThere(lookAt(5_000)), true)
    assert.equal(sighting.isThere(lookAt(5_001)), false)
    sighting.see(touch(-3_600_000), lookAt(6_000))
    assert.equal(sighting.isThere(lookAt(11_000)), true)
    assert.equal(sighting.isThere(lookAt(11_001)), false)
  })

  it('holds no longer than its process lives', { skip: here.startedAt === undefined }, async () => {
    for (const [startedAt, isThere] of [
      [here.startedAt, true],
      ['1', false],
    ] as const) {
      const { file, stats } = written({ ...here, startedAt })
      const sighting = new Sighting(file, stats().mtimeMs, lookAt(0))
      await sighting.read(stats(), 'orders', lookAt(0))
      assert.equal(sighting.isThere(lookAt(0)), isThere)
    }
  })

  it('asks once in a look what has become of an owner', { skip: here.startedAt === undefined }, async () => {
    const look = lookAt(0)
    for (let each = 0; each < 3; each++) {
      const { file, stats } = written(here)
      const sighting = new Sighting(file, stats().mtimeMs, look)
      await sighting.read(stats(), 'orders', look)
      sighting.see(stats(), look)
    }
    assert.equal(look.ended.size, 1)
  })

  it('is litter ten minutes after its last renewal, when its end was seen', async () => {
    const { file, stats } = written(elsewhere, -600_001)
    const sighting = new Sighting(file, stats().mtimeMs, lookAt(0))
    await sighting.read(stats(), 'orders', lookAt(0))
    assert.equal(sighting.isThere(lookAt(0)), false)
    assert.equal(sighting.isLitter(lookAt(5_000)), false)
    assert.equal(sighting.isLitter(lookAt(5_001)), true)
    assert.deepEqual([isOld(0, 600_000), isOld(0, 600_001)], [false, true])
  })
})
