import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { registrarFrom } from '../discovery/registrar.ts'
import { health } from '../health/health.ts'
import { logger } from '../log/logger.ts'
import { registry } from '../metrics/registry.ts'
import { manualClock } from '../testing/manual-clock.ts'
import type { RunningServer } from '../transport/server-transport.ts'
import { AppRegistrations } from './app-registrations.ts'
import { type AppParts, ServedApp } from './served-app.ts'

/** An app of which every part notes what happens to it. */
function scene(parts?: Partial<AppParts>) {
  const clock = manualClock()
  const steps: string[] = []
  const running = (name: string, error?: Error): RunningServer => ({
    url: `${name}://`,
    stats: { inFlight: 0, served: 0, refused: 0, expired: 0, late: 0, draining: false },
    leave: () => void steps.push(`${name} leaves`),
    close: async () => {
      steps.push(`${name} closed`)
      if (error !== undefined) throw error
    },
    [Symbol.asyncDispose]: async () => {},
  })
  const subject = health({
    clock,
    onChange: (event) => void steps.push(event.what === 'readiness' ? (event.reason ?? 'ready') : ''),
  })
  subject.setReady(true)
  const withdraw = async () => {
    steps.push('withdrawn')
  }
  const registrar = registrarFrom('shelf', async () => ({ withdraw }), { clock })
  const registrations = new AppRegistrations([registrar], 'shop', { id: 'a', address: 'a:1' }, undefined, clock)
  const log = logger({ write() {}, flush: async () => void steps.push('log flushed') })
  const metrics = Object.assign(registry(), { flush: async () => void steps.push('metrics flushed') })
  const app = new ServedApp(
    {
      servers: [running('a')],
      pageServers: [running('pages')],
      registrations,
      propagationMs: 2_000,
      held: { [Symbol.dispose]: () => void steps.push('let go') },
      health: subject,
      pipeline: undefined,
      metricsUrl: undefined,
      livenessUrl: undefined,
      readinessUrl: undefined,
      ...parts,
    },
    { logger: log, metrics },
    clock,
  )
  return { app, clock, running, steps }
}

describe('ServedApp', () => {
  it('ends in order: nobody is sent there, nobody is let in, the last ones leave', async () => {
    const { app, clock, steps } = scene()
    await app.registrations[0]?.registered
    const closing = app.close()
    await clock.advance(1_999)
    assert.deepEqual(steps, ['ready', 'shutting down', 'withdrawn', 'a leaves'])
    assert.equal(app.registrations[0]?.state, 'closed')
    await clock.advance(1)
    await closing
    await app.closed
    const ends = ['a closed', 'pages closed', 'metrics flushed', 'let go', 'log flushed']
    assert.deepEqual(steps.slice(4), ends)
    assert.equal(clock.pending, 0)
  })

  it('is not ready as soon as it begins to close', () => {
    const { app } = scene()
    void app.close()
    assert.equal(app.health?.isReady, false)
  })

  it('waits for nobody where nobody has to hear of it', async () => {
    const { app, clock, steps } = scene({ registrations: undefined, health: undefined, propagationMs: 0 })
    await app.close()
    assert.deepEqual(app.registrations, [])
    assert.deepEqual(steps.slice(1, 3), ['a closed', 'pages closed'])
    assert.ok(clock.now() === 0)
  })

  it('goes on to the end whatever fails, and rejects with what failed first', async () => {
    const broken = new Error('no such queue')
    const { running } = scene()
    const { app, steps } = scene({ servers: [running('b', broken)], propagationMs: 0 })
    await assert.rejects(app.close(), broken)
    assert.equal(steps.at(-1), 'log flushed')
    assert.equal(app.url, 'b://')
  })
})
