// A server that gets three times the load that it can bear: by default it refuses what matters least, so that what matters is done.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from 'servicekit/testing/eventually'
import { type Ends, furnaceServer, load } from './overload.ts'

const burnMs = 10
/** A busy machine bears less. */
const bearable = 1_000 / burnMs
const callers = { burnMs, connections: 50, timeoutMs: 2_000 }
const overload = { ...callers, perSecond: 2.5 * bearable, forMs: 5_000 }

const share = (count: number, { calls }: Ends) => count / calls

function shows(what: string, isSo: boolean, ends: unknown): void {
  assert.ok(isSo, `${what}: ${JSON.stringify(ends)}`)
}

describe('a server with three times the load that it can bear', () => {
  it('refuses the calls that matter least, completes the others, and is well again afterwards', async () => {
    await using server = await furnaceServer()
    const { critical, sheddable } = await load({ ...overload, url: server.url })
    // Wide bounds: the cores are shared with the load and with other tests.
    shows('critical calls mostly succeed', share(critical.ok, critical) > 0.6, critical)
    shows('critical calls are hardly ever refused', share(critical.refused, critical) < 0.2, critical)
    shows('others mostly do not', share(sheddable.ok, sheddable) < 0.5, sheddable)
    shows('they are refused', share(sheddable.refused, sheddable) > 0.4, sheddable)
    shows('all with a time after which to come again', sheddable.invited === sheddable.refused, sheddable)

    await eventually(async () => {
      const calm = { ...callers, connections: 5, perSecond: 0.2 * bearable, forMs: 1_000 }
      const after = await load({ ...calm, url: server.url })
      for (const ends of [after.critical, after.sheddable]) assert.equal(ends.ok, ends.calls, JSON.stringify(after))
      assert.equal((await server.shedding())?.isShedding, false)
    }, 30_000)
  })

  it('without that does neither the ones nor the others', async () => {
    await using server = await furnaceServer(false)
    const { critical, sheddable } = await load({ ...overload, url: server.url })
    assert.equal(await server.shedding(), undefined)
    for (const ends of [critical, sheddable]) {
      shows('nothing is refused', ends.refused === 0, ends)
      shows('and most fail', share(ends.ok, ends) < 0.6, ends)
    }
  })
})
