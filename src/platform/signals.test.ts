// Tests of signals.ts: who is called on the first signal, what the second one does, and that nothing stays on the process.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { recorder } from '../testing/recorder.ts'
import { forgetStopSignal, onStopSignal, type StopSignal } from './signals.ts'

const signals = ['SIGINT', 'SIGTERM'] as const
const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]))

/** What is on the process because of us. */
function ours(signal: StopSignal): ((signal: StopSignal) => void)[] {
  return process.listeners(signal).filter((listener) => before.get(signal)?.includes(listener) === false)
}

/** As if the process got the signal; sending it would end the test when nobody listens. */
function receive(signal: StopSignal): void {
  const listeners = ours(signal)
  assert.equal(listeners.length, 1, 'one listener for all who wait')
  for (const listener of listeners) listener(signal)
}

function nothingIsLeft(): void {
  for (const signal of signals) assert.deepEqual(ours(signal), [])
}

describe('onStopSignal', () => {
  beforeEach(forgetStopSignal)

  it('listens while somebody waits, and only then', () => {
    nothingIsLeft()
    const first = onStopSignal(() => {})
    const second = onStopSignal(() => {})
    for (const signal of signals) assert.equal(ours(signal).length, 1)
    first[Symbol.dispose]()
    for (const signal of signals) assert.equal(ours(signal).length, 1)
    second[Symbol.dispose]()
    nothingIsLeft()
  })

  it('calls all who wait, with the signal', () => {
    for (const signal of signals) {
      const first = recorder<StopSignal>()
      const second = recorder<StopSignal>()
      using _first = onStopSignal(first)
      using _second = onStopSignal(second)
      receive(signal)
      assert.deepEqual([first.events, second.events], [[signal], [signal]])
      forgetStopSignal()
    }
    nothingIsLeft()
  })

  it('does not call those who no longer wait, even when another one takes them out meanwhile', () => {
    const left = recorder<StopSignal>()
    const calls = recorder<StopSignal>()
    onStopSignal(left)[Symbol.dispose]()
    using _waiting = onStopSignal((signal) => {
      calls(signal)
      other[Symbol.dispose]()
    })
    using other = onStopSignal(left)
    receive('SIGTERM')
    assert.deepEqual(left.events, [])
    assert.deepEqual(calls.events, ['SIGTERM'])
  })

  it('counts one who waits twice as two', () => {
    const calls = recorder<StopSignal>()
    const first = onStopSignal(calls)
    const second = onStopSignal(calls)
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    receive('SIGINT')
    assert.deepEqual(calls.events, ['SIGINT'])
    second[Symbol.dispose]()
    nothingIsLeft()
  })

  it('ends the process at once on the second signal, with 128 and the number of that one', (t) => {
    const exit = t.mock.method(process, 'exit', () => {
      throw new Error('the process ended')
    })
    for (const [first, second, code] of [
      ['SIGINT', 'SIGINT', 130],
      ['SIGTERM', 'SIGTERM', 143],
      ['SIGINT', 'SIGTERM', 143],
      ['SIGTERM', 'SIGINT', 130],
    ] as const) {
      const calls = recorder<StopSignal>()
      using _waiting = onStopSignal(calls)
      receive(first)
      assert.equal(exit.mock.callCount(), 0)
      assert.throws(() => receive(second), /the process ended/)
      assert.deepEqual(exit.mock.calls[0]?.arguments, [code])
      assert.deepEqual(calls.events, [first], 'nobody is called again')
      exit.mock.resetCalls()
      forgetStopSignal()
    }
  })

  it('calls whoever begins to wait after the signal at once, so that servers which are waited for in turn all close', async () => {
    const first = recorder<StopSignal>()
    const second = recorder<StopSignal>()
    const left = recorder<StopSignal>()
    {
      using _waiting = onStopSignal(first)
      receive('SIGTERM')
    }
    {
      using _waiting = onStopSignal(second)
      onStopSignal(left)[Symbol.dispose]()
      await Promise.resolve()
    }
    assert.deepEqual([first.events, second.events, left.events], [['SIGTERM'], ['SIGTERM'], []])
    nothingIsLeft()
  })

  it('calls all although one throws', (t) => {
    const later: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => later.push(run))
    const calls = recorder<StopSignal>()
    using _throwing = onStopSignal(() => {
      throw new Error('mine')
    })
    using _waiting = onStopSignal(calls)
    receive('SIGINT')
    assert.deepEqual(calls.events, ['SIGINT'])
    assert.throws(() => later[0]?.(), { message: 'mine' })
  })
})
