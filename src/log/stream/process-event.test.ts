// Tests of process-event.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recorder } from '../../testing/recorder.ts'
import { onProcessEvent } from './process-event.ts'

const events = ['exit', 'SIGHUP'] as const
const before = new Map(events.map((event) => [event, process.listeners(event as 'exit')]))

/** What is on the process because of us. */
const ours = (event: (typeof events)[number]) =>
  process.listeners(event as 'exit').filter((listener) => before.get(event)?.includes(listener) === false)

for (const event of events) {
  describe(`onProcessEvent('${event}')`, () => {
    it('has one listener on the process while anybody hears, and none else', () => {
      assert.equal(ours(event).length, 0)
      const hearers = Array.from({ length: 20 }, () => onProcessEvent(event, () => {}))
      assert.equal(ours(event).length, 1)
      for (const hearer of hearers) {
        assert.equal(ours(event).length, 1)
        hearer[Symbol.dispose]()
        hearer[Symbol.dispose]()
      }
      assert.equal(ours(event).length, 0)
    })

    it('calls all who hear, each time', () => {
      const calls = recorder<string>()
      using _one = onProcessEvent(event, () => calls('one'))
      using _two = onProcessEvent(event, () => calls('two'))
      onProcessEvent(event, () => calls('left'))[Symbol.dispose]()
      for (let n = 0; n < 2; n++) for (const listener of ours(event)) listener(0)
      assert.deepEqual(calls.events, ['one', 'two', 'one', 'two'])
    })
  })
}
