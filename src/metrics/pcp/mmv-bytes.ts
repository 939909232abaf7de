// The bytes of a file of memory mapped values (MMV): https://man7.org/linux/man-pages/man5/mmv.5.html, versions 1 and 2.
import { cutText } from '../../primitives/cut-text.ts'
import { ByteSheet } from './byte-sheet.ts'
import type { Layout } from './layout.ts'

/** What the header says. */
export interface MmvHeader {
  readonly version: 1 | 2
  /** Tells this file from the one before. Written first; the second one that must equal it stays zero until the file is whole. */
  readonly generation: bigint
  readonly flags: number
  readonly process: number
  readonly cluster: number
  readonly littleEndian: boolean
}

/** How long names may be, in bytes: a zero follows. */
export const maxNameBytes = { 1: 63, 2: 255 } as const

/** Where the second generation stands. */
export const secondGenerationAt = 16

/** Where numbers stand in the file. */
export interface MmvBytes {
  readonly bytes: Uint8Array
  /** Of the first value. */
  readonly valuesAt: number
}

/** From one value to the next. */
export const valueBytes = 32

const headerBytes = 40
const entryBytes = 16
const domainBytes = 32
const instanceBytes = { 1: 80, 2: 24 } as const
const metricBytes = { 1: 104, 2: 48 } as const
const stringBytes = 256
const sections = { domains: 1, instances: 2, metrics: 3, values: 4, strings: 5 } as const
const types = { u64: 3, double: 5 } as const
const semanticsOf = { counter: 1, instant: 3 } as const
const noDomain = 0xffff_ffff

/** Writes all but the numbers of the values, which are zero. */
export function mmvBytes(layout: Layout, header: MmvHeader): MmvBytes {
  const { version } = header
  const { metrics, domains, values } = layout
  const strings = stringsOf(layout, version)
  const instances = domains.flatMap((domain, index) => domain.instances.map((instance) => ({ ...instance, index })))
  const counts = [
    [sections.domains, domains.length, domainBytes],
    [sections.instances, instances.length, instanceBytes[version]],
    [sections.metrics, metrics.length, metricBytes[version]],
    [sections.values, values.length, valueBytes],
    [sections.strings, strings.size, stringBytes],
  ] as const
  const table = counts.filter(([type, count]) => count > 0 || type === sections.metrics || type === sections.values)
  const starts = new Map<number, number>()
  let end = headerBytes + entryBytes * table.length
  for (const [type, count, size] of table) {
    starts.set(type, end)
    end += count * size
  }
  const startOf = (section: keyof typeof sections) => starts.get(sections[section]) ?? 0
  const stringAt = (text: string) => {
    const index = strings.get(text)
    return index === undefined ? 0 : startOf('strings') + index * stringBytes
  }

  const sheet = new ByteSheet(end, header.littleEndian)
  writeHeader(sheet, header, table.length)
  for (const [index, [type, count]] of table.entries())
    sheet
      .at(headerBytes + index * entryBytes)
      .u32(type)
      .u32(count)
      .u64(startOf(nameOf(type)))

  const firsts: number[] = []
  let first = startOf('instances')
  for (const [index, { serial, instances: own }] of domains.entries()) {
    firsts.push(first)
    sheet
      .at(startOf('domains') + index * domainBytes)
      .u32(serial)
      .u32(own.length)
      .u64(first)
    first += own.length * instanceBytes[version]
  }
  for (const [index, { name, number, index: domain }] of instances.entries()) {
    sheet.at(startOf('instances') + index * instanceBytes[version]).u64(startOf('domains') + domain * domainBytes)
    sheet.u32(0).u32(number)
    if (version === 1) sheet.text(name)
    else sheet.u64(stringAt(name))
  }
  for (const [index, { name, help, item, type, semantics, units, domain }] of metrics.entries()) {
    sheet.at(startOf('metrics') + index * metricBytes[version])
    if (version === 1) sheet.text(name).at(startOf('metrics') + index * metricBytes[version] + 64)
    else sheet.u64(stringAt(name))
    sheet.u32(item).u32(types[type]).u32(semanticsOf[semantics]).u32(units)
    const text = stringAt(helpText(help))
    sheet
      .u32(domain === undefined ? noDomain : (domains[domain]?.serial ?? noDomain))
      .u32(0)
      .u64(text)
      .u64(text)
  }
  for (const [index, { metric, instance }] of values.entries()) {
    const { domain } = metrics[metric] ?? {}
    const start = domain === undefined ? undefined : firsts[domain]
    sheet.at(startOf('values') + index * valueBytes + 16).u64(startOf('metrics') + metric * metricBytes[version])
    sheet.u64(start === undefined || instance === undefined ? 0 : start + instance * instanceBytes[version])
  }
  for (const text of strings.keys()) sheet.at(stringAt(text)).text(text)
  return { bytes: sheet.bytes, valuesAt: startOf('values') }
}

function writeHeader(sheet: ByteSheet, header: MmvHeader, entries: number): void {
  sheet.at(0).text('MMV').at(4).u32(header.version).u64(header.generation).u64(0)
  sheet
    .at(secondGenerationAt + 8)
    .u32(entries)
    .u32(header.flags)
    .u32(header.process)
    .u32(header.cluster)
}

function nameOf(type: number): keyof typeof sections {
  return (Object.keys(sections) as (keyof typeof sections)[])[type - 1] ?? 'values'
}

/** By text, the place of each. */
function stringsOf({ metrics, domains }: Layout, version: 1 | 2): Map<string, number> {
  const texts = new Set<string>()
  if (version === 2) {
    for (const { instances } of domains) for (const { name } of instances) texts.add(name)
    for (const { name } of metrics) texts.add(name)
  }
  for (const { help } of metrics) if (help !== '') texts.add(helpText(help))
  return new Map(Array.from(texts, (text, index) => [text, index]))
}

function helpText(help: string): string {
  return cutText(help, stringBytes - 1)
}
