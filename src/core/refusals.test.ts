import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refusal } from '../resilience/refusal.ts'
import { memoryClient } from '../transport/memory/client.ts'
import { memoryServer } from '../transport/memory/server.ts'
import { contract, unary } from './contract.ts'
import type { Middleware } from './endpoint.ts'
import { endpoints } from './endpoints.ts'
import { ServiceError } from './errors.ts'
import { isRefusal, noteRefusal } from './refusals.ts'

describe('isRefusal', () => {
  it('knows what was noted, and nothing that was made anew of it', () => {
    const error = noteRefusal(new ServiceError('unavailable', 'the circuit is open', { retry: 'safe' }))
    assert.equal(isRefusal(error), true)
    assert.equal(isRefusal(ServiceError.fromJSON(error.toJSON())), false)
    assert.equal(isRefusal(new ServiceError('unavailable')), false)
  })
})

describe('a refusal that leaves a server', () => {
  const shop = contract('shop', { order: unary.of<string, string>() })
  const refuse = () => Promise.reject(refusal('unavailable', 'the circuit is open'))

  async function retryOf(handler: () => Promise<string>, use: readonly Middleware[] = []): Promise<string> {
    await using server = await memoryServer(shop, endpoints(shop, { order: handler }, { use })).listen()
    await using client = memoryClient(shop, { server })
    const error = ServiceError.from(await client.order('tea').catch((thrown: unknown) => thrown))
    return error.retry
  }

  it('is safe to repeat when it came before the handler', async () => {
    assert.equal(await retryOf(async () => 'tea', [() => refuse]), 'safe')
  })

  it('is not when it came of what the handler does, for that did run', async () => {
    assert.equal(await retryOf(refuse), 'if_idempotent')
  })

  it('is what the handler itself says, who may know that it has done nothing yet', async () => {
    assert.equal(
      await retryOf(() => Promise.reject(new ServiceError('unavailable', 'not yet', { retry: 'safe' }))),
      'safe',
    )
  })
})
