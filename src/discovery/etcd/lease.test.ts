import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { askedOf, listed, refusal, told } from '../../../test/discovery/scripted-etcd.ts'
import { seededRandom } from '../../primitives/random.ts'
import { checkedEtcd } from './connection.ts'
import { EtcdGateway } from './gateway.ts'
import { Lease } from './lease.ts'

const never = new AbortController().signal
const noLease = refusal(5, 'etcdserver: requested lease not found')

async function opened() {
  const agent = await ScriptedAgent.open()
  const gateway = new EtcdGateway(checkedEtcd({ url: agent.url }))
  const lease = new Lease({ gateway, ttlMs: 14_500, random: seededRandom(1) })
  const ids: string[] = []
  return {
    lease,
    ids,
    /** Answers the next request, which must be this. */
    async answer(line: string, status: number, body: unknown) {
      const asked = await agent.next()
      const [path, said] = askedOf(asked)
      assert.equal(path, `POST /v3/lease/${line}`)
      ids.push((said as { ID: string }).ID)
      asked.answer(status, body)
      return said
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
    },
  }
}

describe('Lease', { timeout: 10_000 }, () => {
  it('is granted with an id of ours, for whole seconds', async () => {
    await using setup = await opened()
    const holding = setup.lease.hold(never)
    const said = await setup.answer('grant', 200, listed(1))
    assert.deepEqual(said, { ID: await holding, TTL: '15' })
    assert.match(await holding, /^[1-9]\d{0,15}$/)
  })

  it('goes on with one that an earlier request got', async () => {
    await using setup = await opened()
    const holding = setup.lease.hold(never)
    await setup.answer('grant', 400, refusal(9, 'etcdserver: lease already exists'))
    await setup.answer('keepalive', 200, told(1, { TTL: '15' }))
    await holding
    const again = setup.lease.hold(never)
    await setup.answer('grant', 200, listed(1))
    await again
    assert.equal(new Set(setup.ids).size, 1)
  })

  it('asks for another one when it is lost', async () => {
    await using setup = await opened()
    const holding = setup.lease.hold(never)
    await setup.answer('grant', 200, listed(1))
    await holding
    const lost = assert.rejects(setup.lease.renew(never), { code: 'not_found', message: 'etcd has lost the lease' })
    await setup.answer('keepalive', 200, told(1))
    await lost
    await setup.lease.revoke(never)
    const again = setup.lease.hold(never)
    await setup.answer('grant', 200, listed(1))
    await again
    assert.equal(new Set(setup.ids).size, 2)
  })

  it('is revoked, also where it is over already', async () => {
    await using setup = await opened()
    const holding = setup.lease.hold(never)
    await setup.answer('grant', 200, listed(1))
    await holding
    for (const [status, body] of [
      [200, listed(1)],
      [404, noLease],
    ] as const) {
      const revoking = setup.lease.revoke(never)
      await setup.answer('revoke', status, body)
      await revoking
    }
    const failing = assert.rejects(setup.lease.revoke(never), { code: 'unavailable' })
    await setup.answer('revoke', 503, refusal(14, 'etcdserver: request timed out'))
    await failing
    assert.equal(new Set(setup.ids).size, 1)
  })
})
