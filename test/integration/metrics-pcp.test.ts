// Proves the files for PCP with its own programs: mmvdump reads every section, and pmdammv, the agent itself, every value.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Pcp, type PcpOptions, pcp } from '../../src/metrics/pcp/pcp.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { skipUnless } from '../servers/addresses.ts'
import { type PcpReader, pcpReader } from '../servers/pcp/reader.ts'

async function scene(options: Partial<PcpOptions> = {}) {
  const reader = await pcpReader()
  const metrics = pcp({ name: 'shop', folder: reader.folder, ...options })
  return {
    reader,
    metrics,
    path: join(reader.folder, 'shop'),
    [Symbol.asyncDispose]: async () => {
      await metrics[Symbol.asyncDispose]()
      await reader[Symbol.asyncDispose]()
    },
  }
}

/** What pmdammv knows, by metric and instance. */
async function known(reader: PcpReader): Promise<Record<string, number>> {
  const values = await reader.values()
  return Object.fromEntries(
    values.map(({ metric, instance, value }) => [metric + (instance && `[${instance}]`), value]),
  )
}

function measure(metrics: Pcp): void {
  const calls = metrics.counter({ name: 'rpc.calls', labels: ['method', 'code'], help: 'How often it was called.' })
  calls.with({ method: 'sum', code: 'ok' }).add(3)
  calls.with({ method: 'a b,c%"=日本\n', code: '' }).add(0.5)
  metrics.counter({ name: 'sent', unit: 'bytes' }).add(4_096)
  metrics.gauge({ name: 'level' }).set(-1 / 3)
  const took = metrics.histogram({ name: 'took', unit: 'seconds', labels: ['of'], buckets: [1, 2, 4] })
  for (const seconds of [0.5, 1.5, 3, 3]) took.with({ of: 'x' }).observe(seconds)
  const size = metrics.summary({ name: 'size', unit: 'kibibytes', quantiles: [0, 0.5, 1] })
  for (const value of [1, 2, 9]) size.observe(value)
}

describe('files for PCP, with mmvdump and pmdammv', skipUnless('pcp'), () => {
  for (const version of [1, 2] as const) {
    it(`are shown by mmvdump section by section, version ${version}`, async () => {
      await using there = await scene({ version, cluster: 77 })
      measure(there.metrics)
      await there.metrics.flush()
      const { code, text } = await there.reader.dump(there.path)
      assert.equal(code, 0, text)
      const header = [`Version    = ${version}`, 'TOC count  = 5', 'Cluster    = 77', `Process    = ${process.pid}`]
      for (const line of [...header, 'Flags      = 0x2 (process)']) assert.ok(text.includes(`\n${line}\n`), line)
      assert.match(text, /TOC\[0\]: .*indoms offset \d+ \(4 entries\)/)
      assert.match(text, /\] 2 instances, starting at/)
      assert.match(text, /TOC\[1\]: .*instances offset \d+ \(12 entries\)/)
      assert.match(text, /instance = \[\d+ or "method=sum,code=ok"\]/)
      assert.match(text, /instance = \[\d+ or "method=a%20b%2Cc%25%22=日本%0A,code="\]/)
      assert.match(text, /instance = \[\d+ or "of=x,p99"\]/)
      assert.match(text, /TOC\[2\]: .*metrics offset \d+ \(9 entries\)/)
      assert.match(
        text,
        / rpc\.calls\n +type=double .*sem=counter .*\n +units=count\n +indom=\d+\n +shorttext=How often/,
      )
      assert.match(text, / sent\n +type=double .*sem=counter .*\n +units=byte\n +\(no indom\)\n +\(no shorttext\)/)
      assert.match(text, / took\.count\n +type=64-bit unsigned int .*sem=counter .*\n +units=count\n +indom=\d+/)
      assert.match(text, / took\.spread\n +type=double .*sem=instant .*\n +units=sec\n/)
      assert.match(text, / size\.sum\n +type=double .*\n +units=Kbyte\n/)
      assert.match(text, /TOC\[3\]: .*values offset \d+ \(17 entries\)/)
      assert.match(text, / rpc\.calls\[\d+ or "method=sum,code=ok"\] = 3\.0+\n/)
      assert.match(text, / took\.count\[\d+ or "of=x"\] = 4\n/)
      assert.match(text, / size\.spread\[\d+ or "max"\] = 9\.0+\n/)
      assert.match(text, /TOC\[4\]: .*string offset \d+ \(\d+ entries\)\n +\[1\/\d+\] \S/)
    })

    it(`are read by pmdammv to the last digit, version ${version}`, async () => {
      await using there = await scene({ version })
      measure(there.metrics)
      await there.metrics.flush()
      assert.deepEqual(await known(there.reader), {
        'mmv.shop.rpc.calls[method=sum,code=ok]': 3,
        'mmv.shop.rpc.calls[method=a%20b%2Cc%25%22=日本%0A,code=]': 0.5,
        'mmv.shop.sent': 4_096,
        'mmv.shop.level': -1 / 3,
        'mmv.shop.took.count[of=x]': 4,
        'mmv.shop.took.sum[of=x]': 8,
        'mmv.shop.took.spread[of=x,mean]': 2,
        'mmv.shop.took.spread[of=x,p50]': 2,
        'mmv.shop.took.spread[of=x,p90]': 3.6,
        'mmv.shop.took.spread[of=x,p95]': 3.8,
        'mmv.shop.took.spread[of=x,p99]': 3.96,
        'mmv.shop.size.count': 3,
        'mmv.shop.size.sum': 12,
        'mmv.shop.size.spread[mean]': 4,
        'mmv.shop.size.spread[min]': 1,
        'mmv.shop.size.spread[p50]': await medianOf(there.reader),
        'mmv.shop.size.spread[max]': 9,
      })
      const { text } = await there.reader.pminfo('-dt', 'mmv.shop.rpc.calls')
      assert.match(text, /mmv\.shop\.rpc\.calls \[How often it was called\.\]/)
      assert.match(text, /Semantics: counter {2}Units: count/)
    })

    it(`are refused by mmvdump when they are damaged, version ${version}`, async () => {
      await using there = await scene({ version })
      measure(there.metrics)
      await there.metrics.flush()
      const good = await readFile(there.path)
      const damaged = join(there.reader.folder, '..', 'damaged')
      const dumpOf = async (change: (bytes: Buffer) => Buffer) => {
        await writeFile(damaged, change(Buffer.from(good)))
        return there.reader.dump(damaged)
      }
      const { length } = good
      for (const [what, change] of [
        ['no magic', (bytes: Buffer) => bytes.fill('X', 0, 1)],
        ['a version that there is not', (bytes: Buffer) => bytes.fill(9, 4, 5)],
        ['generations that differ', (bytes: Buffer) => bytes.fill(9, 16, 17)],
        ['half a header', (bytes: Buffer) => bytes.subarray(0, 20)],
        ['sections beyond the end', (bytes: Buffer) => bytes.subarray(0, Math.floor(length / 2))],
      ] as const) {
        const { code, text } = await dumpOf(change)
        assert.notEqual(code, 0, `${what}: ${text}`)
      }
      assert.equal((await dumpOf((bytes) => bytes)).code, 0)
    })
  }

  it('follow what is measured, in place and with new series, for a reader that has them mapped', async () => {
    await using there = await scene({ intervalMs: 20 })
    const level = there.metrics.gauge({ name: 'level' })
    level.set(1)
    await there.metrics.flush()
    const watching = there.reader.watch('mmv.shop.level')
    let seen = ''
    watching.stdout?.setEncoding('utf8').on('data', (text) => {
      seen += text
    })
    try {
      await eventually(() => /\s1\.0/.test(seen), 15_000)
      level.set(2.5)
      await eventually(() => /\s2\.5/.test(seen), 15_000)
      // One file in the place of the other, many times in a second: it must not be left with one that is over.
      const series = there.metrics.counter({ name: 'series', labels: ['n'] })
      for (let n = 0; n < 20; n++) {
        series.with({ n }).add()
        await there.metrics.flush()
      }
      level.set(7.25)
      await eventually(() => /\s7\.25/.test(seen), 15_000)
    } finally {
      watching.kill()
    }
    assert.equal((await known(there.reader))['mmv.shop.series[n=19]'], 1)
    assert.equal(there.metrics.stats.failures, 0)
  })

  it('are never half there, however often they are replaced', async () => {
    await using there = await scene()
    const series = there.metrics.gauge({ name: 'level', labels: ['n'] })
    series.with({ n: 0 }).set(1)
    await there.metrics.flush()
    let isOver = false
    const replacing = (async () => {
      for (let n = 1; !isOver; n++) {
        series.with({ n }).set(1)
        await there.metrics.flush()
      }
    })()
    for (let looks = 0; looks < 20; looks++) {
      const { code, text } = await there.reader.dump(there.path)
      assert.equal(code, 0, text)
      const names = text.match(/ level\[\d+ or "n=\d+"\] = 1\.0+\n/g)?.length
      assert.equal(`${names}`, /\((\d+) entries\)/.exec(/values offset.*/.exec(text)?.[0] ?? '')?.[1])
    }
    isOver = true
    await replacing
  })

  it('are gone when the metrics are, and ignored when their process is', async () => {
    await using there = await scene()
    there.metrics.counter({ name: 'hits' }).add()
    await there.metrics.flush()
    assert.deepEqual(await known(there.reader), { 'mmv.shop.hits': 1 })
    await there.metrics[Symbol.asyncDispose]()
    assert.deepEqual(await known(there.reader), {})
    const program = `
      import { pcp } from ${JSON.stringify(new URL('../../src/metrics/pcp/pcp.ts', import.meta.url).href)}
      for (const whileRunning of [true, false]) {
        const metrics = pcp({ name: whileRunning ? 'dead' : 'left', folder: ${JSON.stringify(there.reader.folder)}, whileRunning })
        metrics.counter({ name: 'hits' }).add()
        await metrics.flush()
      }
      process.exit()`
    execFileSync(process.execPath, ['--input-type=module', '--eval', program])
    assert.deepEqual((await readdir(there.reader.folder)).sort(), ['dead', 'left'])
    assert.deepEqual(await known(there.reader), { 'mmv.left.hits': 1 })
  })

  it('are below mmv by themselves where their name is not to be in it', async () => {
    await using there = await scene({ nameInMetrics: false })
    there.metrics.counter({ name: 'hits' }).add()
    await there.metrics.flush()
    assert.deepEqual(await known(there.reader), { 'mmv.hits': 1 })
  })

  it('come back under load when their folder vanishes, and nothing of what was measured is lost', async () => {
    await using there = await scene({ intervalMs: 10 })
    const { metrics, reader } = there
    const hits = metrics.counter({ name: 'hits', labels: ['n'] })
    let measured = 0
    const load = () => {
      hits.with({ n: measured % 100 }).add()
      measured++
    }
    await eventually(async () => {
      load()
      return (await readdir(reader.folder)).includes('shop')
    })
    await rm(reader.folder, { recursive: true })
    await eventually(() => {
      load()
      return metrics.stats.failures > 3
    })
    assert.match(metrics.stats.lastError?.message ?? '', /ENOENT/)
    await mkdir(reader.folder)
    await eventually(async () => {
      load()
      return (await readdir(reader.folder)).includes('shop')
    })
    await metrics.flush()
    const sum = Object.values(await known(reader)).reduce((total, value) => total + value, 0)
    assert.equal(sum, measured)
  })

  it('come back when the disk was full, and go on in the old file meanwhile', async (test) => {
    const reader = await pcpReader()
    const full = join(reader.folder, 'ballast')
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', reader.folder], { stdio: 'ignore' })
    } catch {
      await reader[Symbol.asyncDispose]()
      test.skip('needs the right to mount a small disk')
      return
    }
    try {
      await using metrics = pcp({ name: 'shop', folder: reader.folder })
      const hits = metrics.counter({ name: 'hits' })
      hits.add()
      await metrics.flush()
      await writeFile(full, Buffer.alloc(65_536)).catch(() => {})
      const level = metrics.gauge({ name: 'level', labels: ['n'] })
      for (let n = 0; n < 50; n++) level.with({ n }).set(n)
      hits.add()
      await metrics.flush()
      assert.equal(metrics.stats.failures, 1)
      assert.match(metrics.stats.lastError?.message ?? '', /ENOSPC/)
      assert.deepEqual(await known(reader), { 'mmv.shop.hits': 2 })
      await rm(full)
      await metrics.flush()
      assert.equal(Object.keys(await known(reader)).length, 51)
      assert.deepEqual(await readdir(reader.folder), ['shop'])
    } finally {
      execFileSync('umount', [reader.folder])
      await reader[Symbol.asyncDispose]()
    }
  })
})

/** The sketch of a summary gives it within a hundredth. */
async function medianOf(reader: PcpReader): Promise<number> {
  const median = (await known(reader))['mmv.shop.size.spread[p50]'] ?? NaN
  assert.ok(Math.abs(median - 2) <= 0.02, `${median}`)
  return median
}
