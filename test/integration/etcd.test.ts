// Proves that the two etcd of the tests are the real ones: keys come and go, a watch tells so, and a lease lapses.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from '../../src/testing/eventually.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { EtcdClient } from '../servers/etcd/client.ts'

for (const [name, version] of [
  ['etcd', /^3\.6\.16$/],
  ['etcd-3-4', /^3\.4\.\d+$/],
] as const)
  describe(name, { ...skipUnless(name), timeout: 60_000 }, () => {
    it('says what it is', async () => {
      const reply = await fetch(`${addressOf(name)}/version`)
      assert.match(((await reply.json()) as { etcdserver: string }).etcdserver, version)
    })

    it('forgets what hangs on a lease that nobody renews', async () => {
      const client = new EtcdClient(addressOf(name))
      const key = Buffer.from('/proof/a').toString('base64')
      const { ID } = await client.ask<{ ID: string }>('/v3/lease/grant', { TTL: '1' })
      await client.ask('/v3/kv/put', { key, value: key, lease: ID })
      assert.deepEqual(await client.pairs('/proof/'), [['/proof/a', '/proof/a']])
      await eventually(async () => (await client.pairs('/proof/')).length === 0, 10_000)
    })

    it('tells what has changed since a revision, until that is compacted', async () => {
      const client = new EtcdClient(addressOf(name))
      const since = (await client.revision()) + 1
      await client.change([['/proof/b', '1']])
      const watch = async () => {
        const key = Buffer.from('/proof/b').toString('base64')
        const body = JSON.stringify({ create_request: { key, start_revision: String(since) } })
        const reply = await fetch(`${addressOf(name)}/v3/watch`, { method: 'POST', body })
        let text = ''
        for await (const chunk of reply.body ?? new ReadableStream()) {
          text += new TextDecoder().decode(chunk)
          if (text.split('\n').length > 2) break
        }
        return text
      }
      assert.match(await watch(), /"created":true.*\n.*"events":\[\{"kv":/)
      await client.change([], ['/proof/b'])
      await client.compact()
      assert.match(await watch(), /"created":true.*\n.*"canceled":true,"compact_revision":/)
    })
  })
