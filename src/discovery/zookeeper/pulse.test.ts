// Tests of pulse.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { Pulse } from './pulse.ts'

function begin() {
  const clock = manualClock()
  const heard: string[] = []
  const pulse = new Pulse({
    clock,
    timeoutMs: 9_000,
    beat: () => heard.push(`beat ${clock.now()}`),
    onSilence: (silentMs) => heard.push(`silent for ${silentMs} at ${clock.now()}`),
  })
  return { clock, heard, pulse }
}

describe('a pulse', () => {
  it('beats three times in the time of a session', async () => {
    const { clock, heard, pulse } = begin()
    for (let turn = 0; turn < 3; turn++) {
      await clock.advance(3_000)
      pulse.heard()
    }
    assert.deepEqual(heard, ['beat 3000', 'beat 6000', 'beat 9000'])
    pulse.stop()
    assert.equal(clock.pending, 0)
  })

  it('tells of a silence of two thirds of that, counted from what was heard last', async () => {
    const { clock, heard, pulse } = begin()
    await clock.advance(2_000)
    pulse.heard()
    await clock.advance(5_999)
    assert.deepEqual(heard, ['beat 3000', 'beat 6000'])
    await clock.advance(1)
    assert.deepEqual(heard.at(-1), 'silent for 6000 at 8000')
    pulse.stop()
    assert.equal(clock.pending, 0)
  })
})
