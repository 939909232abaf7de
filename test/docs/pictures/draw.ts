// Draws the pictures of docs/guide/balancing.md anew: `node test/docs/pictures/draw.ts`. They are the same bytes every time.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { panelsOf, shown } from './balancers.ts'
import { barsOf } from './bars.ts'

const folder = join(import.meta.dirname, '../../../docs/guide/pictures')
mkdirSync(folder, { recursive: true })
for (const each of shown) {
  const svg = barsOf(each.title, await panelsOf(each))
  writeFileSync(join(folder, `${each.name}.svg`), svg)
  console.log(/<title>(.*)<\/title>/.exec(svg)?.[1])
}
