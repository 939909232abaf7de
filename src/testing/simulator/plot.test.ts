// Tests of plot.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plot } from './plot.ts'
import { simulation } from './simulation.ts'

async function plotted(seconds: number, name = 'callers'): Promise<string> {
  const sim = simulation({ seed: '<1 & 2>' })
  const leaf = sim.server('leaf', { slots: 4, serviceMs: 10 })
  sim.load(name, { perSecond: 10, call: leaf.client(), untilMs: (seconds * 1_000) / 2 })
  return plot((await sim.run(seconds * 1_000)).data)
}

/** Throws unless every element is closed, in order. */
function checkForm(svg: string): void {
  const open: string[] = []
  for (const [, close, name = '', self] of svg.matchAll(
    /<(\/?)([a-z]+)(?:\s+[a-zA-Z-]+(?::[a-z]+)?="[^"<&]*")*\s*(\/?)>/g,
  )) {
    if (close === '/') assert.equal(open.pop(), name)
    else if (self !== '/') open.push(name)
  }
  assert.deepEqual(open, [])
  const text = svg.replaceAll(/<[^>]*>/g, '')
  assert.doesNotMatch(text, /[<>]|&(?!amp;|lt;|gt;)/)
}

describe('plot', () => {
  it('is well-formed, whatever the names', async () => {
    const svg = await plotted(10, 'a < b & "c"')
    checkForm(svg)
    assert.match(svg, />a &lt; b &amp; "c"<\/text>/)
    assert.match(svg, /<title>Simulation with seed &lt;1 &amp; 2&gt;<\/title>/)
  })

  it('has nothing from elsewhere, and no number that is none', async () => {
    const svg = await plotted(10)
    assert.deepEqual(svg.match(/(?:href|url|src|@import|NaN|Infinity|undefined)/g), null)
  })

  it('has a line for each thing, with a point for each interval', async () => {
    const svg = await plotted(10)
    const lines = [...svg.matchAll(/<path class="line c\d" d="(M[^"hH]*)"/g)].map(
      ([, points]) => points?.split(/[ML]/).length,
    )
    assert.deepEqual(lines, [11, 11, 11, 6])
  })

  it('has no more points than there is room for, and loses no peak', async () => {
    const svg = await plotted(3_000)
    const [, points = ''] = /<path class="line c0" d="(M[^"hH]*)"/.exec(svg) ?? []
    assert.ok(points.split('L').length <= 800)
  })

  it('can be drawn when nothing happened', async () => {
    const svg = plot((await simulation().run(1_000)).data)
    checkForm(svg)
  })
})
