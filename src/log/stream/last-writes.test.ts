// Tests of last-writes.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Batch } from './batch.ts'
import type { Kernel } from './kernel.ts'
import { LastWrites } from './last-writes.ts'

/** Answers with so many bytes or a code, the last one again and again. */
function answering(...answers: (number | string)[]) {
  const seen = { writes: 0, pausedMs: 0 }
  const kernel: Pick<Kernel, 'writeSync' | 'pause'> = {
    writeSync: () => {
      seen.writes++
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 0
      if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer })
      return answer
    },
    pause: (ms) => {
      seen.pausedMs += ms
    },
  }
  return { seen, last: new LastWrites(kernel as Kernel) }
}

const batch = new Batch(Buffer.from('one\n'), 1, 0)

describe('LastWrites', () => {
  it('gives what was taken', () => {
    const { seen, last } = answering(3)
    assert.equal(last.write(1, batch), 3)
    assert.deepEqual(seen, { writes: 1, pausedMs: 0 })
  })

  it('waits a millisecond at a time for room', () => {
    const { seen, last } = answering('EAGAIN', 0, 'EINTR', 4)
    assert.equal(last.write(1, batch), 4)
    assert.deepEqual(seen, { writes: 4, pausedMs: 3 })
  })

  it('waits a tenth of a second for one who takes nothing', () => {
    const { seen, last } = answering('EAGAIN')
    assert.equal(last.write(1, batch), 0)
    assert.equal(seen.pausedMs, 100)
  })

  it('waits a second in all', () => {
    const { seen, last } = answering('EAGAIN')
    for (let n = 0; n < 20; n++) assert.equal(last.write(1, batch), 0)
    assert.equal(seen.pausedMs, 1_000)
  })

  it('does not wait for what is broken or gone', () => {
    for (const code of ['ENOSPC', 'EPIPE']) {
      const { seen, last } = answering(code)
      assert.equal(last.write(1, batch), 0)
      assert.deepEqual(seen, { writes: 1, pausedMs: 0 })
    }
  })
})
