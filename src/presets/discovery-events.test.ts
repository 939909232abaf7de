import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedRegistry } from '../../test/discovery/played-registry.ts'
import { ServiceError } from '../core/errors.ts'
import { instanceAt } from '../discovery/instance.ts'
import { logger } from '../log/logger.ts'
import { registry as metricsRegistry } from '../metrics/registry.ts'
import { logRecorder } from '../testing/log-recorder.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { discoveryEvents } from './discovery-events.ts'

const update = { name: 'x', joined: [], left: [], instances: 3, admitted: 2, panic: false }

describe('discoveryEvents', () => {
  it('is quiet where nobody listens', () => {
    const { instancer, open } = new PlayedRegistry(manualClock())
    using events = discoveryEvents({ service: 'shop', instancer })
    events.onUpdate({ ...update, panic: true })
    assert.equal(open, 0)
  })

  it('logs who came and went, a few of them by name, and when too few are healthy, once', () => {
    const log = logRecorder()
    const { instancer } = new PlayedRegistry(manualClock())
    using events = discoveryEvents({ service: 'shop', instancer, logger: logger(log) })
    const joined = Array.from({ length: 12 }, (_, n) => instanceAt(`i${n}:1`))
    events.onUpdate({ ...update, joined, left: [instanceAt('a:1')] })
    events.onUpdate({ ...update, panic: true })
    events.onUpdate({ ...update, panic: true })
    assert.deepEqual(log.entries[0], {
      level: 'info',
      message: 'instances changed',
      fields: {
        service: 'shop',
        joined: [...joined.slice(0, 10).map(({ id }) => id), 'and 2 more'],
        left: ['a:1'],
        instances: 3,
        admitted: 2,
      },
    })
    const warnings = log.entries.filter(({ level }) => level === 'warn').map(({ message }) => message)
    assert.deepEqual(warnings, ['too few instances are healthy: all are called'])
  })

  it('logs the beginning and the end of an outage of the registry', async () => {
    const log = logRecorder()
    const registry = new PlayedRegistry(manualClock())
    const events = discoveryEvents({ service: 'shop', instancer: registry.instancer, logger: logger(log) })
    await registry.say('a:1')
    await registry.fail(new Error('gone'))
    await registry.clock.advance(1_200)
    await registry.fail(new Error('still gone'))
    await registry.clock.advance(2_000)
    await registry.say('a:1')
    assert.deepEqual(
      log.entries.map(({ level, message }) => `${level} ${message}`),
      ['warn the lookup of instances fails', 'info the lookup of instances works again'],
    )
    assert.equal(log.entries[0]?.fields['lookup'], 'addsvc in a test')
    assert.equal(log.entries[0]?.fields['error'], 'gone')
    events[Symbol.dispose]()
    await registry.clock.advance(0)
    assert.equal(registry.open, 0)
  })

  it('logs an instance that could not be connected, once until it could', async () => {
    const log = logRecorder()
    const registry = new PlayedRegistry(manualClock())
    const { instancer } = registry
    using events = discoveryEvents({ service: 'shop', instancer, logger: logger(log) })
    const [a, b] = [instanceAt('a:1'), instanceAt('b:1')]
    let seen = 0
    const warned = () => {
      const entries = log.entries.slice(seen)
      seen += entries.length
      return entries.filter(({ level }) => level === 'warn').map(({ fields }) => fields)
    }
    await registry.say(a, b)
    for (let times = 0; times < 3; times++)
      events.onConnectError({ instance: a, error: new ServiceError('unavailable', 'no way') })
    events.onConnectError({ instance: b, error: 'a text' })
    const of = (id: string) => ({ service: 'shop', instance: id, address: id })
    const [first, second, ...others] = warned()
    assert.deepEqual({ ...first }, { ...of('a:1'), error: 'no way' })
    assert.deepEqual([second?.['instance'], second?.['error'], others], ['b:1', 'a text', []])
    // One could in the end, the other has joined; then neither can again.
    const again = () => {
      for (const instance of [a, b]) events.onConnectError({ instance, error: new Error('again') })
      return warned().map((fields) => fields['instance'])
    }
    events.onConnect(a)
    assert.deepEqual(again(), ['a:1'])
    events.onUpdate({ ...update, joined: [b] })
    assert.deepEqual(again(), ['b:1'])
    // One leaves and comes back, the other stays.
    await registry.say(b)
    await registry.say(a, b)
    assert.deepEqual(again(), ['a:1'])
  })

  it('shows how many there are', () => {
    const metrics = metricsRegistry()
    const { instancer } = new PlayedRegistry(manualClock())
    using events = discoveryEvents({ service: 'shop', instancer, metrics })
    events.onUpdate(update)
    const [gauge] = metrics.collect()
    assert.equal(gauge?.spec.name, 'rpc.client.instances')
    assert.deepEqual(
      gauge?.series.map((each) => 'value' in each && each.value),
      [3, 2],
    )
    events[Symbol.dispose]()
    assert.ok(metrics.collect().every(({ series }) => series.length === 0))
  })

  it('adds up those of several clients of a service', () => {
    const metrics = metricsRegistry()
    const { instancer } = new PlayedRegistry(manualClock())
    using first = discoveryEvents({ service: 'shop', instancer, metrics })
    const second = discoveryEvents({ service: 'shop', instancer, metrics })
    using other = discoveryEvents({ service: 'bank', instancer, metrics })
    const shown = () =>
      metrics.collect()[0]?.series.map((each) => [...each.values, 'value' in each && each.value].join(' '))
    first.onUpdate(update)
    second.onUpdate({ ...update, instances: 5, admitted: 5 })
    other.onUpdate({ ...update, instances: 1, admitted: 0 })
    assert.deepEqual(shown(), ['shop known 8', 'shop admitted 7', 'bank known 1', 'bank admitted 0'])
    second[Symbol.dispose]()
    assert.deepEqual(shown(), ['shop known 3', 'shop admitted 2', 'bank known 1', 'bank admitted 0'])
  })
})
