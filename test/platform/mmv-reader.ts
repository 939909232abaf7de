// Reads files of memory mapped values by the tables of mmv(5), for tests, as strictly as pmdammv and mmvdump together.
import assert from 'node:assert/strict'

/** One value. */
export interface MmvValue {
  readonly metric: string
  /** Empty where the metric has but one. */
  readonly instance: string
  readonly value: number
}

/** A metric. */
export interface MmvMetric {
  readonly item: number
  readonly type: number
  readonly semantics: number
  readonly units: number
  readonly domain: number | undefined
  readonly help: string
}

/** All that is in a file. */
export interface MmvContents {
  readonly version: number
  readonly generation: bigint
  readonly flags: number
  readonly process: number
  readonly cluster: number
  readonly metrics: ReadonlyMap<string, MmvMetric>
  /** The names of the instances by their numbers, of each domain by its serial. */
  readonly domains: ReadonlyMap<number, ReadonlyMap<number, string>>
  readonly values: readonly MmvValue[]
}

/** Throws for whatever is not as it should be. */
export function readMmv(bytes: Uint8Array, littleEndian = true): MmvContents {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u32 = (at: number) => view.getUint32(at, littleEndian)
  const u64 = (at: number) => Number(view.getBigUint64(at, littleEndian))
  const text = (at: number, room: number) => {
    assert.ok(at + room <= bytes.length, 'a text is beyond the end')
    const end = bytes.indexOf(0, at)
    assert.ok(end !== -1 && end < at + room, 'a text has no end')
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(at, end))
  }
  assert.equal(text(0, 4), 'MMV')
  const version = u32(4)
  assert.ok(version === 1 || version === 2)
  const generation = view.getBigUint64(8, littleEndian)
  assert.ok(generation !== 0n && generation === view.getBigUint64(16, littleEndian), 'the generations differ')
  const tables = new Map(
    Array.from({ length: u32(24) }, (_, index) => {
      const at = 40 + 16 * index
      return [u32(at), { count: u32(at + 4), at: u64(at + 8) }] as const
    }),
  )
  const listOf = (type: number, size: number) => {
    const { count, at } = tables.get(type) ?? { count: 0, at: 0 }
    assert.ok(count <= 10_000 || type === 2 || type === 5, `section ${type} has ${count} entries`)
    assert.ok(at + count * size <= bytes.length, `section ${type} is beyond the end`)
    return Array.from({ length: count }, (_, index) => at + index * size)
  }
  const strings = new Set(listOf(5, 256))
  const stringAt = (at: number) => {
    assert.ok(strings.has(at), `${at} is no string`)
    return text(at, 256)
  }

  const [instanceSize, metricSize] = version === 1 ? [80, 104] : [24, 48]
  const domainsAt = listOf(1, 32)
  const instances = new Map<number, { serial: number; number: number; name: string }>()
  for (const at of listOf(2, instanceSize)) {
    assert.ok(domainsAt.includes(u64(at)), 'an instance has no domain')
    const name = version === 1 ? text(at + 16, 64) : stringAt(u64(at + 16))
    instances.set(at, { serial: u32(u64(at)), number: view.getInt32(at + 12, littleEndian), name })
  }
  const domains = new Map<number, Map<number, string>>()
  for (const at of domainsAt) {
    const serial = u32(at)
    assert.ok(serial > 0 && serial < 2 ** 11 && !domains.has(serial), `serial ${serial}`)
    const own = new Map<number, string>()
    for (let index = 0; index < u32(at + 4); index++) {
      const instance = instances.get(u64(at + 8) + index * instanceSize)
      assert.ok(instance !== undefined && instance.serial === serial && instance.number >= 0)
      assert.ok(!own.has(instance.number), `two instances are ${instance.number}`)
      own.set(instance.number, instance.name)
    }
    // PCP tells names apart up to the first space.
    assert.equal(new Set(Array.from(own.values(), (name) => name.split(' ', 1)[0])).size, own.size)
    domains.set(serial, own)
  }

  const metrics = new Map<string, MmvMetric>()
  const names = new Map<number, string>()
  for (const at of listOf(3, metricSize)) {
    const name: string = version === 1 ? text(at, 64) : stringAt(u64(at))
    assert.match(name, /^[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*$/)
    assert.ok(!metrics.has(name))
    const rest: number = at + (version === 1 ? 64 : 8)
    const numbers: readonly number[] = [0, 4, 8, 12, 16].map((offset) => u32(rest + offset))
    const [item, type, semantics, units, domain] = numbers
    assert.ok((item ?? 0) < 1_024 && [...metrics.values()].every((other) => other.item !== item), `item ${item}`)
    assert.ok(domain === 0xffff_ffff || domains.has(domain ?? -1))
    const [shortAt = 0, longAt = 0] = [u64(rest + 24), u64(rest + 32)]
    assert.equal(shortAt, longAt)
    metrics.set(name, {
      item: item ?? NaN,
      type: type ?? NaN,
      semantics: semantics ?? NaN,
      units: units ?? NaN,
      domain: domain === 0xffff_ffff ? undefined : domain,
      help: shortAt === 0 ? '' : stringAt(shortAt),
    })
    names.set(at, name)
  }
  const values = listOf(4, 32).map((at): MmvValue => {
    const metric = names.get(u64(at + 16)) ?? ''
    const { domain, type } = metrics.get(metric) ?? assert.fail('a value has no metric')
    const instance = instances.get(u64(at + 24))
    assert.equal(instance?.serial, domain)
    const value = type === 3 ? u64(at) : view.getFloat64(at, littleEndian)
    return { metric, instance: instance?.name ?? '', value }
  })
  return { version, generation, flags: u32(28), process: u32(32), cluster: u32(36), metrics, domains, values }
}
