import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { type Instance, instanceAt } from './instance.ts'
import { registrarFrom } from './registrar.ts'
import { registrarWith } from './registrar-with.ts'

describe('registrarWith', () => {
  function opened(withdraw: () => Promise<void>) {
    const announced: Instance[] = []
    const log: string[] = []
    const inner = registrarFrom(
      'x',
      async (_service, instance) => {
        announced.push(instance)
        return { withdraw: () => withdraw().finally(() => log.push('withdrawn')) }
      },
      { clock: manualClock() },
    )
    const registrar = registrarWith(inner, {
      accept: (service, instance) => {
        if (service === 'bad') throw new TypeError('service for x must be good')
        return { ...instance, zone: 'z' }
      },
      close: async () => void log.push('closed'),
    })
    return { registrar, announced, log }
  }

  it('registers what the registry accepts, and throws what it would refuse', async () => {
    const { registrar, announced } = opened(async () => {})
    await using _ = registrar
    assert.equal(registrar.name, 'x')
    assert.throws(() => registrar.register('bad', instanceAt('a:1')), /service for x must be good/)
    await registrar.register('good', instanceAt('a:1')).registered
    assert.deepEqual(announced, [{ id: 'a:1', address: 'a:1', zone: 'z' }])
  })

  it('closes the connection once all is taken back', async () => {
    const { registrar, log } = opened(async () => {})
    await registrar.register('good', instanceAt('a:1')).registered
    await registrar[Symbol.asyncDispose]()
    assert.deepEqual(log, ['withdrawn', 'closed'])
  })

  it('closes the connection also when that fails, and says so', async () => {
    const { registrar, log } = opened(() => Promise.reject(new Error('gone')))
    await registrar.register('good', instanceAt('a:1')).registered
    await assert.rejects(async () => await registrar[Symbol.asyncDispose](), /gone/)
    assert.deepEqual(log, ['withdrawn', 'closed'])
  })
})
