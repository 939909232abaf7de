import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recording } from './recording.ts'

const frames = [
  { atMs: 0, lines: ['$ ./dev demo'] },
  { atMs: 1_000, lines: ['$ ./dev demo', '1 sent'] },
  { atMs: 1_100, lines: ['$ ./dev demo', 'too soon'] },
  { atMs: 1_250, lines: ['$ ./dev demo', '2 sent'] },
  { atMs: 2_000, lines: ['$ ./dev demo', ' 2.0 s  a < b & c', '3 sent'] },
]

describe('recording', () => {
  const svg = recording(frames, 80)

  it('shows each text for as long as it stands in its row', () => {
    assert.equal(svg.match(/<text/g)?.length, 5)
    // 1.25 s to 2 s, of ten.
    assert.ok(svg.includes('{0%{opacity:0}12.5%{opacity:1}20%{opacity:0}}'), svg)
    assert.ok(svg.includes('>1 sent<') && !svg.includes('too soon'))
  })

  it('is the last frame where nothing moves', () => {
    const last = Array.from(svg.matchAll(/<g id="g\d+" class="last">(.*)<\/g>/g), ([, inner = '']) => inner).join('')
    assert.deepEqual(
      last
        .replaceAll(/<[^>]*>/g, '|')
        .split('|')
        .filter(Boolean),
      ['$ ', './dev demo', ' 2.0 s  ', 'a &lt; b &amp; c', '3 sent'],
    )
  })

  it('runs no script, and is the same for the same frames', () => {
    assert.doesNotMatch(svg, /<script|href|on[a-z]+=/)
    assert.equal(recording(frames, 80), svg)
  })
})
