// Reads back what carbon-cache has written, with the whisper-fetch that came with it.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../command.ts'
import { environmentOf, pythonOf } from './carbon.ts'

/** The points of a series that have a value, oldest first. `series` is as carbon names it: `name;tag=value` with sorted tags, or `a.path`. */
export async function readBack(
  addresses: (key: string) => string,
  series: string,
): Promise<(readonly [seconds: number, value: number])[]> {
  const installed = addresses('installed')
  const file = join(addresses('whisper'), fileOf(series))
  if (!existsSync(file)) return []
  const args = [join(installed, 'usr/bin/whisper-fetch'), '--json', file]
  const { start, step, values } = JSON.parse(
    await run(pythonOf(installed), args, { env: environmentOf(installed) }),
  ) as { readonly start: number; readonly step: number; readonly values: readonly (number | null)[] }
  return values.flatMap((value, index) => (value === null ? [] : [[start + index * step, value] as const]))
}

/** As TaggedSeries.encode of carbon/util.py, with file names that are hashes. */
function fileOf(series: string): string {
  if (!series.includes(';')) return `${series.replaceAll('.', '/')}.wsp`
  const hash = createHash('sha256').update(series).digest('hex')
  return join('_tagged', hash.slice(0, 3), hash.slice(3, 6), `${hash}.wsp`)
}
