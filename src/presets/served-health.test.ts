import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type HealthChangeEvent, health } from '../health/health.ts'
import { logger } from '../log/logger.ts'
import { logRecorder } from '../testing/log-recorder.ts'
import { servedHealth } from './served-health.ts'

describe('servedHealth', () => {
  it('is what it is given, or none, or one of its own', async () => {
    const own = health()
    assert.equal(servedHealth(own, undefined), own)
    assert.equal(servedHealth(false, undefined), undefined)
    assert.equal((await servedHealth(undefined, undefined)?.readiness())?.reason, 'starting')
  })

  it('logs checks that begin to fail and to pass, and tells the listener that it was given', async () => {
    const sink = logRecorder()
    const events: HealthChangeEvent['what'][] = []
    let works = false
    const check = () => {
      if (!works) throw new Error('no db')
    }
    const onChange = ({ what }: HealthChangeEvent) => void events.push(what)
    const subject = servedHealth({ checks: { db: { check, cacheMs: 0 } }, onChange }, logger(sink))
    subject?.setReady(true)
    await subject?.readiness()
    works = true
    await subject?.readiness()
    await subject?.readiness()
    assert.deepEqual(
      sink.records.map(({ level, message, fields }) => [level, message, fields?.['check'], fields?.['error']]),
      [
        ['warn', 'health check failed', 'db', 'no db'],
        ['info', 'health check passes again', 'db', undefined],
      ],
    )
    assert.deepEqual(events, ['readiness', 'check', 'check'])
  })

  it('refuses what is neither options nor a health', () => {
    for (const none of [true, null, 5, { readiness: async () => {} }])
      assert.throws(() => servedHealth(none as never, undefined), { name: 'TypeError', message: /^health must be / })
  })
})
