// Discovery with an etcd of three members, of which some are killed and come back while instances come and go.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { etcdInstancer } from '../../src/discovery/etcd/instancer.ts'
import { etcdRegistrar } from '../../src/discovery/etcd/registrar.ts'
import type { InstanceSet } from '../../src/discovery/instancer.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { skipUnless } from '../servers/addresses.ts'
import { EtcdClient } from '../servers/etcd/client.ts'
import { etcdCluster } from '../servers/etcd/cluster.ts'
import { etcd } from '../servers/etcd/etcd.ts'
import { etcd34 } from '../servers/etcd-3-4/etcd-3-4.ts'
import { freePorts } from '../servers/free-ports.ts'

const limitMs = 60_000
const soon = { initialMs: 50, maxMs: 500 }

// Most of their time they wait.
describe('discovery with three of etcd', { concurrency: 2 }, () => {
  for (const server of [etcd, etcd34])
    describe(server.name, { ...skipUnless(server.name), concurrency: 1, timeout: 180_000 }, () => {
      it('goes on at another member when one is dead or dies, and loses nothing', async () => {
        await using cluster = await etcdCluster(server)
        const { members, urls } = cluster
        const { nobody } = await freePorts(['nobody'])
        const url = [`http://127.0.0.1:${nobody}`, ...urls]
        const errors: string[] = []
        const onError = ({ error }: { readonly error: Error }) => void errors.push(error.message)
        await using registrar = etcdRegistrar({ url, ttlMs: 3_000, onError })
        await using instancer = etcdInstancer({ service: 'many', url, onError })
        const counts: number[] = []
        const sawKey = new Set<string>()
        instancer.subscribe(({ instances = [] }: InstanceSet) => {
          counts.push(instances.length)
          for (const { id } of instances) sawKey.add(id)
        })
        const kept = Array.from({ length: 5 }, (_, n) =>
          registrar.register('many', { id: `kept${n}`, address: '10.0.0.1:80' }),
        )
        await Promise.all(kept.map(({ registered }) => registered))
        await eventually(() => instancer.current.instances?.length === kept.length, limitMs)

        // By the last member, which stays, one comes at a time, and each second one goes.
        const client = new EtcdClient(urls[2])
        const put = async (n: number) => {
          const key = (id: number) => `/services/many/n${id}`
          // While a leader is elected nobody can write.
          await eventually(() => client.change([[key(n), '10.0.0.2:80']], n % 2 === 0 ? [] : [key(n - 1)]), limitMs)
        }
        for (const [at, member] of [members[0], members[1]].entries()) {
          for (let n = 0; n < 40; n++) {
            if (n === 10) await member.crash()
            await put(100 * at + n)
          }
          const there = (await client.pairs('/services/many/')).length
          await eventually(() => instancer.current.instances?.length === there, limitMs)
          await member.restart()
          await eventually(() => kept.every(({ state }) => state === 'registered'), limitMs)
        }
        // Where it was the leader who died, the others may say so until they have another one.
        for (const message of errors) assert.match(message, /no leader|leader changed|timed out|did not answer/)
        // Each of them was seen, though half of them for a moment only, but for those that came and went within one message.
        const last = (await client.pairs('/services/many/')).map(([key]) => key.slice('/services/many/'.length))
        assert.deepEqual(instancer.current.instances?.map(({ id }) => id).toSorted(), last.toSorted())
        for (const id of last) assert.ok(sawKey.has(id))
        assert.ok(counts.slice(counts.indexOf(kept.length)).every((count) => count >= kept.length))
        assert.equal(instancer.current.error, undefined)
      })

      it('takes a member that has lost the others for dead', async () => {
        await using cluster = await etcdCluster(server)
        const { members, urls } = cluster
        const [first, second, third] = members
        await using instancer = etcdInstancer({ service: 'alone', url: urls[0], backoff: soon })
        await using registrar = etcdRegistrar({ url: urls[0], ttlMs: 30_000, backoff: soon })
        instancer.subscribe(() => {})
        await registrar.register('alone', { id: 'a', address: '10.0.0.1:80' }).registered
        await eventually(() => instancer.current.instances?.length === 1, limitMs)
        await Promise.all([second, third].map((member) => member.crash()))
        // It is there, and would be silent.
        await eventually(() => instancer.current.error !== undefined, limitMs)
        assert.ok(first.isUp)
        assert.match(instancer.current.error?.message ?? '', /no leader|did not answer|timed out/)
        assert.equal(instancer.current.instances?.length, 1)
        await Promise.all([second, third].map((member) => member.restart()))
        await eventually(() => instancer.current.error === undefined, limitMs)
        const other = new EtcdClient(urls[1])
        await eventually(() => other.change([['/services/alone/b', '10.0.0.2:80']]), limitMs)
        await eventually(() => instancer.current.instances?.length === 2, limitMs)
      })
    })
})
