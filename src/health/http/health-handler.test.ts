import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { httpHandler } from '../../transport/http/handler.ts'
import { httpServer } from '../../transport/http/server.ts'
import { type Health, health } from '../health.ts'
import { type HealthHandlerOptions, healthHandler } from './health-handler.ts'

const checks = {
  db: () => Promise.reject(new Error('password of admin@10.0.0.7 is wrong')),
  loop: { check: () => {}, kind: 'liveness' },
} as const

function ready(options?: Parameters<typeof health>[0]): Health {
  const subject = health({ clock: manualClock(), ...options })
  subject.setReady(true)
  return subject
}

async function asked(subject: Health, options?: HealthHandlerOptions, method = 'GET'): Promise<Response> {
  return await healthHandler(subject, options)(new Request('http://localhost/readyz', { method }), rootContext())
}

describe('healthHandler', () => {
  it('answers 200 where all is well, and forbids to keep the answer', async () => {
    const response = await asked(ready())
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'application/health+json')
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.deepEqual(await response.json(), { status: 'pass' })
  })

  it('answers 503 with names and status, and keeps to itself what checks fail with', async () => {
    const response = await asked(ready({ checks }))
    assert.equal(response.status, 503)
    const shown = { status: 'fail', checks: { db: [{ status: 'fail' }], loop: [{ status: 'pass' }] } }
    assert.deepEqual(await response.json(), shown)
  })

  it('shows more where that is asked for', async () => {
    const shown = await (await asked(ready({ checks }), { details: true })).json()
    const found = { time: '2026-01-01T00:00:00.000Z', observedValue: 0, observedUnit: 'ms' }
    assert.deepEqual(shown, {
      status: 'fail',
      checks: {
        db: [{ status: 'fail', kind: 'readiness', ...found, output: 'password of admin@10.0.0.7 is wrong' }],
        loop: [{ status: 'pass', kind: 'liveness', ...found }],
      },
    })
  })

  it('answers 200 for a warning, and for the other probe', async () => {
    const warning = await asked(ready({ checks: { db: { check: () => false, critical: false } } }))
    assert.deepEqual(
      [warning.status, await warning.json()],
      [200, { status: 'warn', checks: { db: [{ status: 'warn' }] } }],
    )
    const alive = await asked(health({ checks }), { probe: 'liveness' })
    assert.deepEqual(
      [alive.status, await alive.json()],
      [200, { status: 'pass', checks: { loop: [{ status: 'pass' }] } }],
    )
  })

  it('says why the process is not ready', async () => {
    const response = await asked(health())
    assert.deepEqual([response.status, await response.json()], [503, { status: 'fail', notes: ['starting'] }])
  })

  it('answers HEAD without a body, and refuses what does not read', async () => {
    const head = await asked(health(), {}, 'HEAD')
    assert.deepEqual([head.status, head.headers.get('cache-control'), head.body], [503, 'no-store', null])
    const post = await asked(health(), {}, 'POST')
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
  })

  it('can be mounted by hand', { timeout: 10_000 }, async () => {
    const subject = ready()
    await using server = await httpServer({ mount: [httpHandler('/readyz', healthHandler(subject))] }).listen({
      host: '127.0.0.1',
    })
    assert.deepEqual(await (await fetch(`${server.url}/readyz`)).json(), { status: 'pass' })
    subject.setReady(false)
    const head = await fetch(`${server.url}/readyz`, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('content-type')], [503, 'application/health+json'])
  })

  it('refuses a probe that there is not', () => {
    assert.throws(() => healthHandler(health(), { probe: 'startup' as never }), /probe must be readiness or liveness/)
  })
})
