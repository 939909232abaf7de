// One instance of four is slow, hangs, resets or talks garbage: every call settles in time, and the bad one is soon left alone.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Context, contract, ServiceError, unary } from 'servicekit'
import { staticInstancer } from 'servicekit/discovery/static/instancer'
import { type BalancedClientOptions, balancedClient } from 'servicekit/presets/balanced-client'
import { type App, serve } from 'servicekit/presets/serve'
import { http } from 'servicekit/transport/http/http'
import { BadInstance, habits } from './bad-instances.ts'

const deadlineMs = 1_500
const attemptTimeoutMs = 300
// A machine that stands still is late with everything.
const graceMs = 10_000

const shop = contract('shop', {
  look: unary.of<void, string>({ idempotent: true }),
  book: unary.of<void, string>(),
})

type Answers = Record<string, number>

/** What became of calls that were made side by side, some hundred in all. Asserts that each has ended in time. */
async function calls(instances: readonly string[], method: 'look' | 'book', options?: Partial<BalancedClientOptions>) {
  await using instancer = staticInstancer(instances.map((address) => ({ id: address, address })))
  let retries = 0
  await using client = balancedClient(shop, {
    instancer,
    ...options,
    pipeline: {
      attemptTimeout: { timeoutMs: attemptTimeoutMs },
      retry: { onRetry: () => void retries++ },
      ...options?.pipeline,
    },
  })
  const ends: Answers = {}
  const failures: ServiceError[] = []
  const caller = async () => {
    for (let call = 0; call < 40; call++) {
      const startedAt = performance.now()
      const end = await client[method](undefined, { timeoutMs: deadlineMs }).catch((thrown) => {
        failures.push(ServiceError.from(thrown))
        return (thrown as ServiceError).code
      })
      ends[end] = (ends[end] ?? 0) + 1
      const tookMs = performance.now() - startedAt
      assert.ok(tookMs < deadlineMs + graceMs, `a call took ${tookMs} ms`)
    }
  }
  await Promise.all(Array.from({ length: 10 }, caller))
  return { ends, failures, retries }
}

describe('a set with a bad instance', { timeout: 120_000 }, () => {
  const good: App[] = []
  const addresses: string[] = []
  const name = async () => 'good'

  before(async () => {
    for (let n = 0; n < 3; n++)
      good.push(
        await serve(
          shop,
          { look: name, book: name },
          { over: [http({ host: '127.0.0.1' })], pipeline: { loadShed: false } },
        ),
      )
    addresses.push(...good.map(({ url }) => new URL(url).host))
  })
  after(async () => {
    for (const app of good) await app.close()
  })

  for (const [what, habit] of Object.entries(habits))
    it(`has every call that may be repeated succeed, and leaves the bad one alone: ${what}`, async () => {
      await using bad = await BadInstance.listen(habit)
      const { ends, failures, retries } = await calls([bad.address, ...addresses], 'look')
      assert.deepEqual(failures.map(String), [])
      assert.deepEqual(ends, { good: 400 })
      // Ten call at once, so as many may be there before the first has failed.
      assert.ok(retries >= 1 && retries <= 30, `${retries} retries`)
      assert.ok(bad.connections <= 60, `${bad.connections} connections`)
    })

  it('sends little to one that is slow, and repeats nothing for that', async () => {
    let slow = 0
    const late = async (_: unknown, { clock }: Context) => {
      slow++
      await clock.sleep(100)
      return 'slow'
    }
    await using app = await serve(shop, { look: late, book: late }, { over: [http({ host: '127.0.0.1' })] })
    const { ends, retries } = await calls([new URL(app.url).host, ...addresses], 'book')
    assert.deepEqual([retries, ends], [0, { slow, good: 400 - slow }])
    assert.ok(slow >= 1 && slow < 60, `${slow} of 400 went to the slow one`)
  })

  it('tells who may not be repeated why, and soon has none of them fail', async () => {
    for (const habit of [habits.resetting, habits.garbage, habits.torn]) {
      await using bad = await BadInstance.listen(habit)
      const { ends, failures } = await calls([bad.address, ...addresses], 'book')
      assert.ok((ends['good'] ?? 0) >= 380, JSON.stringify(ends))
      for (const { message } of failures) assert.match(message, new RegExp(bad.address))
    }
  })

  it('has every call end in time where most are bad, each in its own way', async () => {
    await using stack = new AsyncDisposableStack()
    const bad: string[] = []
    for (const habit of Object.values(habits)) bad.push(stack.use(await BadInstance.listen(habit)).address)
    const { ends } = await calls([...bad, ...addresses], 'look')
    const settled = Object.values(ends).reduce((sum, count) => sum + count, 0)
    assert.equal(settled, 400)
    assert.ok((ends['good'] ?? 0) > 0, JSON.stringify(ends))
  })

  it('has every call end in time where all hang', async () => {
    await using one = await BadInstance.listen(habits.hanging)
    await using other = await BadInstance.listen(habits['half-open'])
    await using instancer = staticInstancer([one.address, other.address])
    await using client = balancedClient(shop, { instancer })
    const ends = await Promise.allSettled(
      Array.from({ length: 50 }, (_, at) => client[at % 2 === 0 ? 'look' : 'book'](undefined, { timeoutMs: 500 })),
    )
    for (const end of ends) assert.equal(end.status === 'rejected' && end.reason.code, 'deadline_exceeded')
  })
})
