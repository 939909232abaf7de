// Tests of ring-buffer.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { RingBuffer } from './ring-buffer.ts'

/** What a RingBuffer should hold, kept in an array. */
interface Model {
  readonly capacity: number
  values: (number | undefined)[]
}

type Buffer = RingBuffer<number | undefined>
type Command = fc.Command<Model, Buffer>

function command(name: string, run: (model: Model, buffer: Buffer) => void): Command {
  const checked = (model: Model, buffer: Buffer) => {
    run(model, buffer)
    assert.equal(buffer.length, model.values.length)
    assert.equal(buffer.peek(), model.values[0])
    assert.deepEqual([...buffer], model.values)
  }
  return { check: () => true, run: checked, toString: () => name }
}

function push(value: number | undefined): Command {
  return command(`push(${value})`, (model, buffer) => {
    const fits = model.values.length < model.capacity
    assert.equal(buffer.push(value), fits)
    if (fits) model.values.push(value)
  })
}

function pushMany(count: number): Command {
  return command(`pushMany(${count})`, (model, buffer) => {
    for (let i = 0; i < count; i++) if (buffer.push(i)) model.values.push(i)
  })
}

function shiftMany(count: number): Command {
  return command(`shiftMany(${count})`, (model, buffer) => {
    for (let i = 0; i < count; i++) assert.equal(buffer.shift(), model.values.shift())
  })
}

const clear = command('clear', (model, buffer) => {
  buffer.clear()
  model.values = []
})

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}

describe('RingBuffer', () => {
  it('behaves as an array with push and shift', () => {
    const capacity = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 40 }))
    const commands = fc.commands(
      [
        fc.option(fc.integer(), { nil: undefined }).map(push),
        fc.nat({ max: 70 }).map(pushMany),
        fc.nat({ max: 70 }).map(shiftMany),
        fc.constant(shiftMany(1)),
        fc.constant(clear),
      ],
      { maxCommands: 100 },
    )
    fc.assert(
      fc.property(capacity, commands, (limit, program) => {
        const setup = () => ({ model: { capacity: limit, values: [] }, real: new RingBuffer({ capacity: limit }) })
        fc.modelRun(setup, program)
      }),
    )
  })

  it('keeps the order through a burst that grows and shrinks it many times', () => {
    const buffer = new RingBuffer<number>()
    let pushed = 0
    let shifted = 0
    for (const size of [10_000, 3, 5_000, 0, 100]) {
      while (buffer.length < size) buffer.push(pushed++)
      while (buffer.length > size) assert.equal(buffer.shift(), shifted++)
    }
  })

  it('says false and keeps what it has when it is full', () => {
    const buffer = new RingBuffer<string>({ capacity: 2 })
    assert.deepEqual([buffer.push('a'), buffer.push('b'), buffer.push('c')], [true, true, false])
    assert.deepEqual([...buffer], ['a', 'b'])
  })

  it('refuses a capacity that holds nothing', () => {
    for (const capacity of [0, -1, 1.5, NaN]) {
      assert.throws(() => new RingBuffer({ capacity }), { name: 'RangeError', message: /^capacity must be an integer/ })
    }
  })

  it('gives memory back after a burst', () => {
    const collectGarbage = garbageCollector()
    const heapBytes = () => {
      // What one collection leaves behind, of whatever ran before, must not be taken for ours.
      for (let round = 0; round < 3; round++) collectGarbage()
      return process.memoryUsage().heapUsed
    }
    const buffer = new RingBuffer<number>()
    const before = heapBytes()
    for (let i = 0; i < 2 ** 19; i++) buffer.push(i)
    assert.ok(heapBytes() - before > 4e6)
    while (buffer.length > 1) buffer.shift()
    assert.ok(heapBytes() - before < 1e6)
    assert.equal(buffer.shift(), 2 ** 19 - 1)
  })

  it('references no value that was taken', async () => {
    const collectGarbage = garbageCollector()
    const buffer = new RingBuffer<object>()
    const taken = Array.from({ length: 5 }, () => {
      const value = {}
      buffer.push(value)
      return new WeakRef(value)
    })
    while (buffer.length > 0) buffer.shift()
    // A WeakRef holds its target until the job that made it is over.
    await new Promise(setImmediate)
    collectGarbage()
    assert.ok(taken.every((reference) => reference.deref() === undefined))
    assert.equal(buffer.length, 0)
  })
})
