import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { caughtUp } from './caught-up.ts'

describe('caughtUp', () => {
  it('takes every connection that was made before', async () => {
    let met = 0
    await using server = createServer((socket) => {
      met++
      socket.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    // On this host a connection is made when it is asked for, whether or not the server has looked.
    const callers = Array.from({ length: 50 }, () => once(connect(port, '127.0.0.1').resume(), 'close'))
    await caughtUp(() => met)
    assert.equal(met, 50)
    await Promise.all(callers)
  })

  it('does not go on for ever where they never end to come', async () => {
    let met = 0
    await caughtUp(() => met++)
    assert.ok(met > 500 && met < 2_000, `${met}`)
  })
})
