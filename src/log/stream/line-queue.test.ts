// Tests of line-queue.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Batch } from './batch.ts'
import { LineQueue } from './line-queue.ts'

const text = (batch: Batch | undefined) => (batch === undefined ? undefined : Buffer.from(batch.bytes).toString())

function takeAll(queue: LineQueue): Batch[] {
  const batches: Batch[] = []
  for (let batch = queue.take(true); batch !== undefined; batch = queue.take(true)) batches.push(batch)
  return batches
}

describe('LineQueue', () => {
  it('gathers lines into one batch', () => {
    const queue = new LineQueue(1_024)
    assert.equal(queue.push('one\n'), false)
    assert.equal(queue.push('zwölf\n'), false)
    assert.equal(queue.take(false), undefined)
    const batch = queue.take(true)
    assert.equal(text(batch), 'one\nzwölf\n')
    assert.equal(batch?.lines, 2)
    assert.equal(queue.take(true), undefined)
  })

  it('completes a batch before the line that it has no room for', () => {
    const queue = new LineQueue(1_024)
    const line = `${'x'.repeat(99)}\n`
    assert.deepEqual([queue.push(line), queue.push(line), queue.push(line)], [false, false, true])
    assert.equal(text(queue.take(false)), line + line)
    assert.equal(queue.take(false), undefined)
    assert.equal(text(queue.take(true)), line)
  })

  it('gives a long line a batch of its own', () => {
    const queue = new LineQueue(1_024)
    queue.push('short\n')
    assert.equal(queue.push('x'.repeat(700)), true)
    assert.equal(text(queue.take(false)), 'short\n')
    assert.equal(queue.take(false)?.bytes.length, 700)
  })

  it('drops a line that is longer than all that may wait, before or after it is encoded', () => {
    const queue = new LineQueue(1_024)
    queue.push('kept\n')
    queue.push('x'.repeat(1_025))
    assert.equal(queue.dropped, 1)
    assert.equal(text(queue.take(true)), 'kept\n')
    queue.push('ü'.repeat(1_024))
    assert.equal(queue.dropped, 2)
    assert.equal(queue.take(true), undefined)
  })

  it('drops the oldest where there is no room', () => {
    const queue = new LineQueue(1_024)
    for (let n = 0; n < 100; n++) queue.push(`${n}`.padEnd(99, '.').concat('\n'))
    const kept = takeAll(queue)
    const lines = kept.flatMap((batch) => text(batch)?.trimEnd().split('\n') ?? [])
    assert.deepEqual(
      lines.map((line) => Number.parseInt(line, 10)),
      Array.from({ length: lines.length }, (_, index) => 100 - lines.length + index),
    )
    assert.equal(queue.dropped, 100 - lines.length)
    assert.ok(lines.length >= 8, `${lines.length} of 10 were kept`)
  })

  it('knows where its oldest and newest lines are', () => {
    const queue = new LineQueue(1_024)
    const serials = () => [queue.oldestSerial, queue.newestSerial]
    assert.deepEqual(serials(), [Infinity, -1])
    queue.push('one\n')
    assert.deepEqual(serials(), [0, 0])
    queue.push('x'.repeat(255))
    assert.deepEqual(serials(), [0, 1])
    assert.equal(queue.take(true)?.serial, 0)
    assert.deepEqual(serials(), [1, 1])
    assert.equal(queue.take(true)?.serial, 1)
    assert.deepEqual(serials(), [Infinity, 1])
  })

  it('drops all when it is cleared', () => {
    const queue = new LineQueue(1_024)
    for (let n = 0; n < 5; n++) queue.push('x'.repeat(200))
    queue.clear()
    assert.equal(queue.dropped, 5)
    assert.equal(queue.oldestSerial, Infinity)
    assert.equal(queue.take(true), undefined)
  })

  it('uses its memory for one batch at a time, and for others once it got it back', () => {
    const queue = new LineQueue(4_096)
    const next = (line: string) => {
      queue.push(line)
      return queue.take(true) as Batch
    }
    const [first, second] = [next('first\n'), next('second\n')]
    assert.notEqual(first.bytes.buffer, second.bytes.buffer)
    queue.recycle(second)
    assert.notEqual(next('third\n').bytes.buffer, first.bytes.buffer)
    assert.equal(text(first), 'first\n')
    queue.recycle(first)
    assert.equal(next('fourth\n').bytes.buffer, first.bytes.buffer)
  })

  it('holds no more than it may, keeps the order, and counts what it does not keep', () => {
    const filling = fc.tuple(fc.nat(600), fc.constantFrom('x', 'ü', '日', '😀'))
    const step = fc.oneof({ weight: 9, arbitrary: filling }, { weight: 1, arbitrary: fc.constant('take' as const) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, recycles) => {
        const queue = new LineQueue(1_024)
        const given: string[] = []
        const taken: Batch[] = []
        const texts: string[] = []
        const take = (all: boolean) => {
          const batch = queue.take(all)
          if (batch === undefined) return false
          taken.push(batch)
          texts.push(text(batch) ?? '')
          if (recycles) queue.recycle(batch)
          return true
        }
        for (const [index, one] of steps.entries()) {
          if (one === 'take') {
            take(false)
          } else {
            const [length, filler] = one
            given.push(`${index}:${filler.repeat(length)}\n`)
            queue.push(given.at(-1) ?? '')
          }
        }
        let restBytes = 0
        const before = taken.length
        while (take(true)) restBytes = taken.slice(before).reduce((sum, { bytes }) => sum + bytes.length, 0)
        // What is gathered when the queue is asked comes on top of what it may hold.
        assert.ok(restBytes <= 1_024 + 3 * 256, `${restBytes} bytes`)
        const lines = texts.join('').split(/(?<=\n)/)
        const kept = lines.filter((line) => line !== '')
        assert.equal(kept.length + queue.dropped, given.length)
        assert.equal(
          taken.reduce((sum, batch) => sum + batch.lines, 0),
          kept.length,
        )
        let at = 0
        for (const line of kept) {
          at = given.indexOf(line, at) + 1
          assert.notEqual(at, 0, `${JSON.stringify(line)} was not given, or not in this order`)
        }
      }),
    )
  })
})
