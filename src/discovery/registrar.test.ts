import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { instanceAt } from './instance.ts'
import { type Announcement, type RegistrarOptions, registrarFrom } from './registrar.ts'

const a = instanceAt('a:1')

/** A registry that does as it is told, and notes what it was asked for. */
class Registry {
  readonly clock = manualClock()
  readonly asked: string[] = []
  readonly errors: string[] = []
  readonly states: string[] = []
  fails: 'not' | 'always' | 'renew' | 'never answers' = 'not'
  renewEveryMs: number | undefined = undefined
  lose: () => void = () => {}

  registrar(options?: RegistrarOptions) {
    return registrarFrom('test registry', (_, { id }) => this.#announce(id), {
      clock: this.clock,
      backoff: { initialMs: 100, multiplier: 2, maxMs: 400, jitter: 'none' },
      onError: ({ during, error }) => this.errors.push(`${during}: ${error.message}`),
      onChange: ({ registration }) => this.states.push(registration.state),
      ...options,
    })
  }

  async #announce(id: string): Promise<Announcement> {
    this.asked.push(`announce ${id}`)
    await this.#answer('always')
    const lost = new Promise<void>((resolve) => {
      this.lose = resolve
    })
    return {
      renewEveryMs: this.renewEveryMs,
      renew: () => {
        this.asked.push('renew')
        return this.#answer('always', 'renew')
      },
      lost,
      withdraw: () => {
        this.asked.push('withdraw')
        return this.#answer('always')
      },
    }
  }

  #answer(...failing: Registry['fails'][]): Promise<void> {
    if (this.fails === 'never answers') return new Promise(() => {})
    return failing.includes(this.fails) ? Promise.reject(new Error('no')) : Promise.resolve()
  }
}

describe('registrarFrom', () => {
  it('announces, says so, and takes it back', async () => {
    const registry = new Registry()
    const registration = registry.registrar().register('svc', a)
    assert.equal(registration.state, 'pending')
    await registration.registered
    assert.equal(registration.state, 'registered')
    await registration.close()
    await registration.close()
    assert.deepEqual(registry.asked, ['announce a:1', 'withdraw'])
    assert.deepEqual(registry.states, ['registered', 'closed'])
    assert.equal(registry.clock.pending, 0)
  })

  it('tells of one registration whoever began it, beside those who are told of all', async () => {
    const registry = new Registry()
    registry.fails = 'always'
    await using registrar = registry.registrar()
    const told: string[] = []
    registrar.register('other', instanceAt('b:1'))
    registrar.register('svc', a, {
      onError: ({ service, during, error }) => told.push(`${service} ${during}: ${error.message}`),
      onChange: ({ name, registration }) => told.push(`${name}: ${registration.service} ${registration.state}`),
    })
    await registry.clock.advance(0)
    registry.fails = 'not'
    await registry.clock.advance(100)
    assert.deepEqual(told, ['svc register: no', 'test registry: svc registered'])
    assert.deepEqual(registry.states, ['registered', 'registered'])
  })

  it('renews as often as the registry wants', async () => {
    const registry = new Registry()
    registry.renewEveryMs = 3_000
    await using registrar = registry.registrar()
    registrar.register('svc', a)
    await registry.clock.advance(9_000)
    assert.deepEqual(registry.asked, ['announce a:1', 'renew', 'renew', 'renew'])
  })

  it('goes on until a registry that is down at the start has it', async () => {
    const registry = new Registry()
    registry.fails = 'always'
    await using registrar = registry.registrar()
    const registration = registrar.register('svc', a)
    await registry.clock.advance(700)
    assert.deepEqual(registry.asked, Array(4).fill('announce a:1'))
    assert.equal(registration.state, 'pending')
    assert.equal(registration.error?.message, 'no')
    registry.fails = 'not'
    await registry.clock.advance(400)
    await registration.registered
    assert.deepEqual(registry.errors, Array(4).fill('register: no'))
    assert.equal(registration.error, undefined)
  })

  it('announces again, at once, what can no longer be renewed', async () => {
    const registry = new Registry()
    registry.renewEveryMs = 3_000
    await using registrar = registry.registrar()
    const registration = registrar.register('svc', a)
    await registry.clock.advance(3_000)
    registry.fails = 'renew'
    await registry.clock.advance(3_000)
    assert.deepEqual(registry.asked, ['announce a:1', 'renew', 'renew', 'announce a:1'])
    assert.deepEqual(registry.states, ['registered', 'failing', 'registered'])
    assert.equal(registration.state, 'registered')
  })

  it('announces again what the registry has lost: at once after it held, else after a wait', async () => {
    const registry = new Registry()
    await using registrar = registry.registrar()
    registrar.register('svc', a)
    await registry.clock.advance(60_000)
    registry.lose()
    await registry.clock.advance(0)
    assert.equal(registry.asked.length, 2)
    for (const waitMs of [100, 200, 400]) {
      const asked: number = registry.asked.length
      registry.lose()
      await registry.clock.advance(waitMs - 1)
      assert.equal(registry.asked.length, asked)
      await registry.clock.advance(1)
      assert.equal(registry.asked.length, asked + 1)
    }
  })

  it('gives up a request that takes too long, and asks again', async () => {
    const registry = new Registry()
    registry.fails = 'never answers'
    await using registrar = registry.registrar({ timeoutMs: 1_000 })
    const registration = registrar.register('svc', a)
    await registry.clock.advance(1_000)
    assert.match(registration.error?.message ?? '', /test registry did not answer within 1s/)
    registry.fails = 'not'
    await registry.clock.advance(100)
    assert.equal(registration.state, 'registered')
  })

  it('takes back what it announced although renewing fails', async () => {
    const registry = new Registry()
    registry.renewEveryMs = 1_000
    const registration = registry.registrar().register('svc', a)
    await registry.clock.advance(0)
    registry.fails = 'always'
    await registry.clock.advance(1_000)
    assert.equal(registration.state, 'failing')
    registry.fails = 'not'
    await registration.close()
    assert.equal(registry.asked.at(-1), 'withdraw')
  })

  it('ends although the registry cannot be told, and says so', async () => {
    const registry = new Registry()
    const registrar = registry.registrar()
    const registration = registrar.register('svc', a)
    await registration.registered
    registry.fails = 'always'
    await assert.rejects(async () => await registrar[Symbol.asyncDispose](), /^Error: no$/)
    assert.equal(registration.state, 'closed')
    assert.deepEqual(registry.errors, ['deregister: no'])
    assert.equal(registry.clock.pending, 0)
  })

  it('is closed before it was registered: then it never was', async () => {
    const registry = new Registry()
    registry.fails = 'always'
    const registration = registry.registrar().register('svc', a)
    await registry.clock.advance(0)
    await registration.close()
    await assert.rejects(registration.registered, /closed before/)
    assert.deepEqual(registry.asked, ['announce a:1'])
    assert.equal(registry.clock.pending, 0)
  })

  it('announces again only when the same was taken back', async () => {
    const registry = new Registry()
    const registrar = registry.registrar({ timeoutMs: 50 })
    const first = registrar.register('svc', a)
    await first.registered
    registry.fails = 'never answers'
    const closing = assert.rejects(first.close(), /did not answer/)
    const again = registrar.register('svc', a)
    registrar.register('svc', instanceAt('b:1'))
    await registry.clock.settle()
    assert.deepEqual(registry.asked, ['announce a:1', 'announce b:1', 'withdraw'])
    registry.fails = 'not'
    await registry.clock.advance(50)
    await closing
    await again.registered
    assert.equal(registry.asked.at(-1), 'announce a:1')
  })

  it('refuses what makes no sense', () => {
    const registry = new Registry()
    assert.throws(() => registry.registrar({ timeoutMs: 0 }), /timeoutMs must be/)
    assert.throws(() => registry.registrar().register('', a), /service must be/)
    assert.throws(() => registry.registrar().register('svc', { id: 'a', address: 'a' }), /address must be/)
    assert.deepEqual(registry.asked, [])
  })

  it('takes nothing more once it was disposed: nobody would take that back', async () => {
    const registry = new Registry()
    const registrar = registry.registrar()
    await registrar[Symbol.asyncDispose]()
    assert.throws(() => registrar.register('svc', a), /the registrar of test registry was closed/)
    assert.deepEqual(registry.asked, [])
  })

  it('listens once for the loss of what it renews, and hears of it in the midst of a renewal', async (t) => {
    const clock = manualClock()
    let listeners = 0
    let lose = () => {}
    let renewed = () => {}
    let announced = 0
    const registrar = registrarFrom(
      'test registry',
      async () => {
        announced++
        const lost = Promise.withResolvers<void>()
        lose = () => lost.reject(new Error('gone'))
        const { promise } = lost
        t.mock.method(promise, 'then', (...heard: Parameters<typeof promise.then>) => {
          listeners++
          return Promise.prototype.then.apply(promise, heard)
        })
        return {
          renewEveryMs: 1_000,
          renew: () => new Promise<void>((resolve) => (renewed = resolve)),
          lost: promise,
          withdraw: async () => {},
        }
      },
      { clock },
    )
    const registration = registrar.register('svc', a)
    for (let times = 0; times < 10; times++) {
      await clock.advance(1_000)
      renewed()
      await clock.advance(0)
    }
    assert.deepEqual([announced, listeners], [1, 1])
    await clock.advance(1_000)
    lose()
    await clock.advance(0)
    assert.deepEqual([announced, registration.state], [1, 'registered'])
    renewed()
    await clock.advance(0)
    assert.deepEqual([announced, listeners, registration.state], [2, 2, 'registered'])
    await registration.close()
    assert.equal(clock.pending, 0)
  })

  it('takes back what may be there after an announcement that failed', async () => {
    const clock = manualClock()
    let withdrawn = 0
    const registrar = registrarFrom(
      'shelf',
      async (_service, _instance, signal, mayBeThere) => {
        const withdraw = async () => void withdrawn++
        signal.addEventListener('abort', () => mayBeThere?.(withdraw))
        return new Promise(() => {})
      },
      { clock, timeoutMs: 100 },
    )
    const registration = registrar.register('svc', a)
    await clock.advance(100)
    assert.equal(registration.state, 'pending')
    await registration.close()
    assert.equal(withdrawn, 1)
  })
})
