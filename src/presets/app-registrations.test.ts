import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Announcement, type Registrar, registrarFrom } from '../discovery/registrar.ts'
import { logger } from '../log/logger.ts'
import { logRecorder } from '../testing/log-recorder.ts'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { AppRegistrations } from './app-registrations.ts'

const instance = { id: 'shop-1', address: '10.0.0.1:80' }

function scene(announce: () => Promise<Announcement>) {
  const clock: ManualClock = manualClock()
  const sink = logRecorder()
  const backoff = { initialMs: 100, jitter: 'none' } as const
  const registrar = registrarFrom('shelf', announce, { clock, backoff })
  const lines = () =>
    sink.records.map(({ level, message, fields }) => [level, message, String(fields?.['error'] ?? '')])
  const begin = (...registrars: Registrar[]) =>
    new AppRegistrations([registrar, ...registrars], 'shop', instance, logger(sink, { clock }), clock)
  return { clock, begin, lines, sink }
}

describe('AppRegistrations', () => {
  it('logs what becomes of them', async () => {
    let works = false
    const { clock, begin, lines, sink } = scene(async () => {
      if (!works) throw new Error('no shelf')
      return { withdraw: async () => {} }
    })
    const registrations = begin()
    await clock.advance(0)
    works = true
    await clock.advance(100)
    await registrations.close()
    assert.deepEqual(lines(), [
      ['warn', 'not registered', 'no shelf'],
      ['info', 'registered', ''],
      ['info', 'deregistering', ''],
      ['info', 'deregistered', ''],
    ])
    const fields = { registry: 'shelf', service: 'shop', instance: 'shop-1', address: '10.0.0.1:80' }
    assert.deepEqual({ ...sink.records[1]?.fields }, fields)
    assert.equal(registrations.all[0]?.state, 'closed')
    assert.equal(clock.pending, 0)
  })

  it('end also when a registry cannot be told', async () => {
    const { begin, lines } = scene(async () => ({ withdraw: () => Promise.reject(new Error('gone')) }))
    const registrations = begin()
    await registrations.all[0]?.registered
    await registrations.close()
    assert.deepEqual(lines().at(-1), ['warn', 'not deregistered', 'gone'])
    assert.equal(lines().filter(([, message]) => message === 'not deregistered').length, 1)
  })

  it('end in time when a registrar hangs', async () => {
    const { clock, begin, lines } = scene(async () => ({ withdraw: async () => {} }))
    const hanging: Registrar = {
      name: 'hanging',
      register: (service) => ({
        service,
        instance,
        state: 'pending',
        error: undefined,
        registered: new Promise(() => {}),
        close: () => new Promise(() => {}),
        [Symbol.asyncDispose]: async () => {},
      }),
      [Symbol.asyncDispose]: async () => {},
    }
    const registrations = begin(hanging)
    await registrations.all[0]?.registered
    const closing = registrations.close()
    await clock.advance(5_000)
    await closing
    assert.deepEqual(lines().at(-1), ['warn', 'not deregistered', 'the registry was not told within 5s'])
    assert.equal(clock.pending, 0)
  })

  it('are taken back when a registrar refuses the instance', async () => {
    const withdrawn = Promise.withResolvers<void>()
    const { begin } = scene(async () => ({ withdraw: async () => withdrawn.resolve() }))
    const refusing: Registrar = {
      name: 'refusing',
      register() {
        throw new TypeError('no zone')
      },
      [Symbol.asyncDispose]: async () => {},
    }
    assert.throws(() => begin(refusing), /no zone/)
    await withdrawn.promise
  })

  it('are taken back when a registrar gives none, or none yet', async () => {
    for (const given of [undefined, Promise.resolve({})]) {
      const withdrawn = Promise.withResolvers<void>()
      const { begin } = scene(async () => ({ withdraw: async () => withdrawn.resolve() }))
      const late = { name: 'late', register: () => given } as unknown as Registrar
      assert.throws(() => begin(late), {
        name: 'TypeError',
        message: /register must give a registration.*late does not/,
      })
      await withdrawn.promise
    }
  })
})
