// Holds the pictures of docs/guide/balancing.md to what the simulator says today.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { panelsOf, shown } from './balancers.ts'
import { barsOf } from './bars.ts'

const guide = join(import.meta.dirname, '../../../docs/guide')

describe('the pictures of balancers', () => {
  for (const each of shown) {
    it(`${each.name}.svg is what the simulator says; if not, run node test/docs/pictures/draw.ts`, async () => {
      const drawn = barsOf(each.title, await panelsOf(each))
      assert.equal(readFileSync(join(guide, 'pictures', `${each.name}.svg`), 'utf8'), drawn)
    })
  }

  it('are all on the page, and no others are there', () => {
    const page = readFileSync(join(guide, 'balancing.md'), 'utf8')
    const onPage = Array.from(page.matchAll(/\(pictures\/(.*?)\.svg\)/g), ([, name]) => name)
    const names = shown.map(({ name }) => name).toSorted()
    assert.deepEqual(onPage.toSorted(), names)
    assert.deepEqual(readdirSync(join(guide, 'pictures')).toSorted(), names.map((name) => `${name}.svg`).toSorted())
  })
})

describe('a picture', () => {
  const panel = {
    title: 'one < two',
    bars: [
      { label: 'slow', share: 0.1, isIll: true },
      { label: '2', share: 0.9, isIll: false },
    ],
    p99Ms: 1_234,
    failureRatio: 0.0012,
  }

  it('says in words what it shows', () => {
    const svg = barsOf('any()', [panel])
    assert.match(svg, /<title>any\(\): one &lt; two \(slow 10\.0 %, 2 90\.0 %\): p99 1\.2 s, 0\.1 % fail<\/title>/)
    assert.match(barsOf('any()', [{ ...panel, p99Ms: 27.6, failureRatio: 0 }]), /p99 28 ms, none fails<\/text>/)
  })

  it('has nothing from elsewhere in it, and does not leave its own paper', () => {
    const svg = barsOf('any()', [panel, panel])
    assert.doesNotMatch(svg.replace('http://www.w3.org/2000/svg', ''), /https?:|href|@import|<script/)
    for (const [, y] of svg.matchAll(/ y="([\d.]+)"/g)) assert.ok(Number(y) > 0 && Number(y) < 196, `y is ${y}`)
  })
})
