// Tests of server.ts: what is special to the in-memory wire; the rest is in conformance.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contract, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { mounted } from '../dispatch.ts'
import { memoryClient } from './client.ts'
import { memoryServer } from './server.ts'

const first = contract('first', { name: unary.of<void, string>() })
const second = contract('second', { name: unary.of<void, string>() })
const servedFirst = endpoints(first, { name: () => 'first' })
const servedSecond = endpoints(second, { name: () => 'second' })

describe('memoryServer', () => {
  it('serves several contracts', async () => {
    await using server = await memoryServer(first, servedFirst, { mount: mounted(second, servedSecond) }).listen()
    await using one = memoryClient(first, { server })
    await using two = memoryClient(second, { server })
    assert.deepEqual([await one.name(), await two.name()], ['first', 'second'])
    assert.equal(server.stats.served, 2)
  })

  it('refuses the same contract twice', () => {
    assert.throws(() => memoryServer(first, servedFirst, { mount: mounted(first, servedFirst) }), {
      name: 'TypeError',
      message: /same service and name/,
    })
  })

  it('refuses options out of range and endpoints that are missing, and names them', () => {
    assert.throws(() => memoryServer(first, servedFirst, { drainMs: -1 }), { name: 'RangeError', message: /^drainMs/ })
    assert.throws(() => memoryServer(first, servedFirst, { maxTimeoutMs: 0 }), {
      name: 'RangeError',
      message: /^maxTimeoutMs/,
    })
    assert.throws(() => memoryServer(first, {} as never), { name: 'TypeError', message: /first.*name is missing/ })
  })

  it('listens anew each time', async () => {
    const ready = memoryServer(first, servedFirst)
    const one = await ready.listen()
    await one.close()
    await using two = await ready.listen()
    await using client = memoryClient(first, { server: two })
    assert.equal(await client.name(), 'first')
  })

  it('answers a method that it does not have with unimplemented', async () => {
    await using server = await memoryServer(first, servedFirst).listen()
    await using client = memoryClient(second, { server })
    await assert.rejects(client.name(), { code: 'unimplemented', retry: 'never' })
  })

  it('resolves closed after close, and leaves signals alone when nobody asked for it', async () => {
    const before = process.listenerCount('SIGTERM')
    const server = await memoryServer(first, servedFirst, { clock: manualClock() }).listen()
    assert.equal(process.listenerCount('SIGTERM'), before)
    const closed = server.closed
    assert.equal(process.listenerCount('SIGTERM'), before + 1)
    await server.close()
    await closed
    await server.closed
    assert.equal(process.listenerCount('SIGTERM'), before)
  })
})
