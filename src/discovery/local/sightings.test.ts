import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { type Instance, instanceAt } from '../instance.ts'
import { type Lease, leaseText } from './lease.ts'
import { renewLease, writeLease } from './lease-file.ts'
import { type Owner, thisOwner } from './owner.ts'
import { Sightings } from './sightings.ts'

const elsewhere: Owner = { pid: 1, place: 'elsewhere' }
const here = thisOwner()
const gone: Owner = { ...here, startedAt: '1' }

class Folder {
  readonly clock = manualClock()
  readonly path = mkdtempSync(join(tmpdir(), 'servicekit-sightings-'))
  readonly told: string[] = []
  sightings = this.reader()

  reader(): Sightings {
    return new Sightings({
      root: this.path,
      folder: this.path,
      service: 'orders',
      clock: this.clock,
      pollMs: 1_000,
      onBadLease: ({ file, error }) => {
        assert.ok(error.message.startsWith(`${file} is left out: `))
        this.told.push(error.message.slice(file.length + ' is left out: '.length))
      },
    })
  }

  /** Announces an instance in a file, and gives its path. */
  async announce(name: string, instance: Instance, change: Partial<Lease> = {}, agoMs = 0): Promise<string> {
    const announcedAt = this.clock.wallNow()
    const lease = { service: 'orders', instance, owner: elsewhere, leaseMs: 5_000, announcedAt, ...change }
    await writeLease(this.path, name, leaseText(lease), announcedAt - agoMs)
    return join(this.path, name)
  }

  async ids(names?: readonly string[]): Promise<string[]> {
    return (await this.sightings.look(names)).map(({ id }) => id).toSorted()
  }

  /** Looks once a second. */
  async watch(seconds: number, each: () => Promise<void> = async () => {}): Promise<string[]> {
    let ids: string[] = []
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(1_000)
      await each()
      ids = await this.ids()
    }
    return ids
  }

  renew(path: string): Promise<void> {
    return renewLease(path, this.clock.wallNow())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

const a = instanceAt('a:1')
const b = instanceAt('b:1')

describe('Sightings', { timeout: 20_000 }, () => {
  it('sees who comes and goes, in the whole folder or where it is told to look', async () => {
    await using folder = new Folder()
    assert.deepEqual(await folder.ids(), [])
    const path = await folder.announce('one.json', a)
    await folder.announce('two.json', b)
    assert.deepEqual(await folder.ids(['two.json']), ['b:1'])
    assert.deepEqual(await folder.ids(['one.json', 'none.json']), ['a:1', 'b:1'])
    rmSync(path)
    assert.deepEqual(await folder.ids(['one.json']), ['b:1'])
    rmSync(join(folder.path, 'two.json'))
    assert.deepEqual(await folder.ids(), [])
    assert.deepEqual(folder.told, [])
  })

  it('sees a lease for as long as it is renewed, and its length beyond', async () => {
    await using folder = new Folder()
    const path = await folder.announce('one.json', a)
    assert.deepEqual(await folder.watch(60, () => folder.renew(path)), ['a:1'])
    assert.deepEqual(await folder.watch(5), ['a:1'])
    assert.deepEqual(await folder.watch(1), [])
    await folder.renew(path)
    assert.deepEqual(await folder.ids(), ['a:1'])
  })

  it('takes the length that the lease says', async () => {
    await using folder = new Folder()
    await folder.announce('one.json', a, { leaseMs: 20_000 })
    await folder.announce('two.json', b, { leaseMs: 1_500 })
    assert.deepEqual(await folder.ids(), ['a:1', 'b:1'])
    assert.deepEqual(await folder.watch(2), ['a:1'])
    assert.deepEqual(await folder.watch(18), ['a:1'])
    assert.deepEqual(await folder.watch(1), [])
  })

  it('does not take what has long run out for there', async () => {
    await using folder = new Folder()
    await folder.announce('old.json', a, {}, 5_001)
    await folder.announce('new.json', b, {}, 4_000)
    assert.deepEqual(await folder.ids(), ['b:1'])
    assert.deepEqual(await folder.watch(2), [])
  })

  it('is not misled by clocks that are set, or differ between hosts', async () => {
    await using folder = new Folder()
    const hour = 3_600_000
    const path = await folder.announce('one.json', a)
    assert.deepEqual(await folder.ids(), ['a:1'])
    for (const shift of [-hour, hour, 0]) {
      const jump = async () => utimesSync(path, 0, (folder.clock.wallNow() + shift) / 1_000)
      assert.deepEqual(await folder.watch(20, jump), ['a:1'])
    }
    // A host whose clock is ahead: what it leaves behind holds no longer than others.
    await folder.announce('ahead.json', b, {}, -hour)
    assert.deepEqual(await folder.watch(5), ['a:1', 'b:1'])
    assert.deepEqual(await folder.watch(2), [])
  })

  it('draws no conclusions from what it did not see while it was stopped itself', async () => {
    await using folder = new Folder()
    const path = await folder.announce('one.json', a)
    assert.deepEqual(await folder.ids(), ['a:1'])
    await folder.clock.advance(3_600_000)
    assert.deepEqual(await folder.ids(), ['a:1'])
    await folder.renew(path)
    assert.deepEqual(await folder.watch(6), ['a:1'])
    assert.deepEqual(await folder.watch(1), [])
  })

  it('sees at once that a process of this host has ended, or that another one has its pid', async () => {
    await using folder = new Folder()
    await folder.announce('one.json', a, { owner: here })
    await folder.announce('two.json', b, { owner: here.startedAt === undefined ? { ...here, pid: 2 ** 31 - 1 } : gone })
    assert.deepEqual(await folder.ids(), ['a:1'])
  })

  it('looks for the pid of another host nowhere', async () => {
    await using folder = new Folder()
    await folder.announce('one.json', a, { owner: { pid: 2 ** 31 - 1, place: `${here.place} too` } })
    assert.deepEqual(await folder.ids(), ['a:1'])
  })

  it('tells of each file that is none, once, and still sees the others', async () => {
    await using folder = new Folder()
    const write = (name: string, text: string) => writeFileSync(join(folder.path, name), text)
    await folder.announce('good.json', a)
    write('garbage.json', '<html>')
    write('half.json', '{"service":"orders","insta')
    write('empty.json', '')
    write('huge.json', 'x'.repeat(1_000_000))
    write('other.json', leaseText({ service: 'bills', instance: b, owner: here, leaseMs: 1, announcedAt: 1 }))
    mkdirSync(join(folder.path, 'folder'))
    symlinkSync('good.json', join(folder.path, 'link.json'))
    write('.hidden', 'x')
    for (let look = 0; look < 3; look++) assert.deepEqual(await folder.ids(), ['a:1'])
    const reasons = folder.told.toSorted().join('\n')
    assert.equal(folder.told.length, 7, reasons)
    for (const reason of [
      /is not valid JSON/,
      /end of JSON/,
      /larger than 65536/,
      /service must be "orders"/,
      /regular/,
    ])
      assert.match(reasons, reason)
  })

  it('sees what becomes whole while it looks', async () => {
    await using folder = new Folder()
    const text = leaseText({ service: 'orders', instance: a, owner: elsewhere, leaseMs: 5_000, announcedAt: 0 })
    const path = join(folder.path, 'one.json')
    writeFileSync(path, text.slice(0, 50))
    assert.deepEqual(await folder.ids(), [])
    writeFileSync(path, text)
    assert.deepEqual(await folder.ids(), ['a:1'])
    writeFileSync(path, 'x')
    assert.deepEqual(await folder.ids(), [])
    assert.equal(folder.told.length, 2)
  })

  it('counts the later of two with the same id, and the other one when that has gone', async () => {
    await using folder = new Folder()
    const moved = { ...a, address: 'a:2' }
    await folder.announce('z.json', a, { announcedAt: 1 })
    const later = await folder.announce('y.json', moved, { announcedAt: 2 })
    await folder.announce('x.json', a, { announcedAt: 0 })
    const addresses = async () => (await folder.sightings.look()).map(({ address }) => address)
    assert.deepEqual(await addresses(), ['a:2'])
    assert.match(folder.told[0] ?? '', /it announces a:1 at a:1, which is at a:2 by what .*y\.json says later/)
    rmSync(later)
    assert.deepEqual(await addresses(), ['a:1'])
    await folder.announce('zz.json', moved, { announcedAt: 1 })
    assert.deepEqual(await addresses(), ['a:2'])
    folder.sightings = folder.reader()
    assert.deepEqual(await addresses(), ['a:2'])
  })

  it('reads no file again that was only renewed', async () => {
    await using folder = new Folder()
    const path = await folder.announce('one.json', a)
    const [first] = await folder.sightings.look()
    await folder.clock.advance(1_000)
    await folder.renew(path)
    const [second] = await folder.sightings.look()
    assert.equal(first, second)
  })

  it('removes what nobody has renewed for ten minutes, and nothing sooner or of others', async () => {
    await using folder = new Folder()
    const old = 600_001
    await folder.announce('ended.json', a, { owner: gone }, old)
    await folder.announce('ended-lately.json', a, { owner: gone }, old - 10_000)
    await folder.announce('silent.json', b, {}, old)
    const alive = await folder.announce('alive.json', instanceAt('c:1'), {}, old)
    await folder.announce('.begun@1-a.json.tmp', a, {}, old)
    await folder.announce('.foreign.tmp', a, {}, old)
    await folder.announce('.just-begun@1-b.json.tmp', a, {}, 1_000)
    writeFileSync(join(folder.path, 'README'), 'not ours')
    utimesSync(join(folder.path, 'README'), 0, 0)
    await folder.ids()
    const expected = [
      '.foreign.tmp',
      '.just-begun@1-b.json.tmp',
      'README',
      'alive.json',
      'ended-lately.json',
      'silent.json',
    ]
    if (here.startedAt !== undefined) assert.deepEqual(readdirSync(folder.path).toSorted(), expected)
    // Alive, but so far behind that it looks old all the time.
    const behind = async () => utimesSync(alive, 0, (folder.clock.wallNow() - old) / 1_000)
    assert.deepEqual(await folder.watch(5, behind), ['c:1'])
    assert.ok(readdirSync(folder.path).includes('silent.json'))
    assert.deepEqual(await folder.watch(1, behind), ['c:1'])
    assert.ok(!readdirSync(folder.path).includes('silent.json'))
    assert.ok(statSync(alive).isFile())
  })

  it('fails when the folder is gone, or is none, rather than say that nobody is there', async () => {
    await using folder = new Folder()
    await folder.announce('one.json', a)
    await folder.ids()
    rmSync(folder.path, { recursive: true })
    await assert.rejects(folder.ids(['one.json']), /cannot be used: it was removed/)
    await assert.rejects(folder.ids(), /cannot be used: it was removed/)
    writeFileSync(folder.path, '')
    await assert.rejects(folder.ids(), /cannot be used: a part of its path is no folder/)
  })
})
