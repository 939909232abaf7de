// Imports go down: never up, and sideways only where this file says so.
import { isBuiltin } from 'node:module'
import { frontDoor, type Place, placeOf } from './plan.ts'
import { type Import, isTest, type Source, usesOf, type Violation, violation } from './sources.ts'

/** Technologies that stand on another one of their role. */
export const neighbours: Readonly<Record<string, readonly string[]>> = {
  'transport/jsonrpc': ['transport/http'],
  'transport/lambda': ['transport/http'],
  'transport/proxy': ['transport/http'],
  'log/syslog': ['log/logfmt'],
  'metrics/dogstatsd': ['metrics/statsd'],
  'metrics/influx-statsd': ['metrics/statsd'],
  'metrics/pushgateway': ['metrics/prometheus'],
}

/** The packages that a room on floor 3 or 4 may import: a runtime dependency, or an optional peer. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  platform: ['undici'],
  'log/otel': ['@opentelemetry/api'],
  'metrics/otel': ['@opentelemetry/api'],
  'metrics/cloudwatch': ['@aws-sdk/client-cloudwatch'],
}

/** Refuses imports that leave a file's floor in the wrong direction, and packages that are not listed. Tests are exempt. */
export function floors(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => {
    const from = placeOf(source.path)
    if (from === undefined || isTest(source)) return []
    const wrong = source.imports.flatMap((imported) => {
      const advice = adviceOn(from, imported)
      return advice === undefined ? [] : [violation(source, `${imported.specifier} ${advice}`, imported.offset)]
    })
    const computed = from.floor === 4 ? [] : usesOf(source, /\bimport\s*\((?!\s*['"])/g)
    return [...wrong, ...computed.map(({ offset }) => violation(source, computedAdvice, offset))]
  })
}

const computedAdvice =
  'import() of a computed path hides from these rules: write the path as a literal, or do it on floor 4'

function adviceOn(from: Place, { specifier, target }: Import): string | undefined {
  if (target !== undefined) return adviceOnPath(from, target)
  if (isBuiltin(specifier)) return undefined
  if (/^servicekit(?:\/|$)/.test(specifier)) return 'is this package: import the file by its path'
  if (from.floor < 3) return `is no file of ours: floor ${from.floor} depends on nothing, take what you need as a value`
  // A `#` import is a choice by runtime, which package.json makes between files and packages.
  if (specifier.startsWith('#')) return undefined
  const isListed = packages[from.room]?.some((name) => `${specifier}/`.startsWith(`${name}/`))
  return isListed
    ? undefined
    : 'is a package that is not listed: take its client as a value, or list it in test/architecture/floors.ts'
}

function adviceOnPath(from: Place, target: string): string | undefined {
  const to = placeOf(target)
  if (to === undefined) return 'leads out of the house: import only what is in a folder of the plan'
  if (mayImport(from, to)) return undefined
  if (to.room === frontDoor) return 'is the front door, for users: import the file in core/ that it comes from'
  if (from.room === frontDoor) return 'is not core: the front door shows core/ and nothing else'
  if (to.floor > from.floor)
    return `goes up from floor ${from.floor} to ${to.floor}: take it as a value, or move what both need further down`
  return `goes sideways from ${from.room} to ${to.room}: roles meet through core types, context keys and callbacks in options; what needs both is a preset`
}

function mayImport({ room, floor, role }: Place, to: Place): boolean {
  if (to.room === room || room === 'testing') return true
  if (room === frontDoor) return to.room === 'core'
  if (to.room === frontDoor) return false
  if (floor !== 3) return to.floor < floor
  return to.floor < 2 || (role !== undefined && [role, 'platform', ...(neighbours[room] ?? [])].includes(to.room))
}
