// The JSON gateway of an etcd in memory: the requests that discovery makes, with the replies of etcd 3.6.
import { AsyncQueue } from '../../src/primitives/async-queue.ts'
import type { AgentReply, AgentRequest, Backend } from './agent-front.ts'
import type { MemoryEtcd, Version } from './memory-etcd.ts'

type Asked = Readonly<Record<string, string | undefined>>

interface Txn {
  readonly compare: readonly Asked[]
  readonly failure: readonly { readonly request_put: Asked }[]
}

const decoded = (bytes = ''): string => Buffer.from(bytes, 'base64').toString()
const encoded = (text: string): string => Buffer.from(text).toString('base64')

/** What is behind a front. A watch is told at most `eventsPerMessage` events at once, as fragments. */
export function memoryGateway(etcd: MemoryEtcd, eventsPerMessage: number = Infinity): Backend {
  const header = (revision = etcd.revision) => ({ cluster_id: etcd.cluster, revision: String(revision) })
  const ok = (reply: object): AgentReply => ({ status: 200, body: JSON.stringify({ header: header(), ...reply }) })

  const range = (asked: Asked): AgentReply => {
    const { revision = '0', limit = '0', key, range_end } = asked
    const at = Number(revision) || etcd.revision
    if (at < etcd.compacted) return refused(400, 11, 'etcdserver: mvcc: required revision has been compacted')
    const from = decoded(key)
    const all = etcd.range(from, range_end === undefined ? `${from}\0` : decoded(range_end), at)
    const kvs = all.slice(0, Number(limit) || all.length).map(keyValue)
    return ok({ kvs, more: kvs.length < all.length, count: String(all.length) })
  }

  const txn = ({ compare, failure }: Txn): AgentReply => {
    const succeeded = compare.every(({ target, key, lease, value }) => {
      const there = etcd.at(decoded(key))
      return target === 'LEASE' ? (there?.lease ?? '0') === lease : there?.value === decoded(value)
    })
    const puts = succeeded ? [] : failure.map(({ request_put: put }) => put)
    const done = etcd.change(
      puts.map(({ key, value, lease = '0' }) => ({ key: decoded(key), value: decoded(value), lease })),
    )
    return done ? ok({ succeeded }) : noLease
  }

  async function* watch(asked: Asked, signal: AbortSignal): AsyncGenerator<string> {
    const [from, to] = [decoded(asked['key']), decoded(asked['range_end'])]
    const start = Number(asked['start_revision'])
    const heard = new AsyncQueue<readonly Version[]>({ capacity: 100_000 })
    using _ = etcd.follow({
      hear: (versions) => void heard.push(versions.filter(({ key }) => key >= from && key < to)),
    })
    signal.addEventListener('abort', () => heard.end(), { once: true })
    yield line({ header: header(), created: true })
    if (start < etcd.compacted)
      return yield line({ header: header(0), canceled: true, compact_revision: String(etcd.compacted) })
    for (const versions of etcd.since(start, from, to)) yield* told(versions)
    for await (const versions of heard) yield* told(versions)
  }

  function* told(versions: readonly Version[]): Generator<string> {
    for (let at = 0; at < versions.length; at += eventsPerMessage) {
      const events = versions.slice(at, at + eventsPerMessage).map(eventOf)
      const fragment = at + eventsPerMessage < versions.length ? { fragment: true } : {}
      yield line({ header: header(), ...fragment, events })
    }
  }

  return async ({ path, body, signal }: AgentRequest): Promise<AgentReply> => {
    const asked = JSON.parse(body)
    if (path === '/v3/kv/range') return range(asked)
    if (path === '/v3/kv/txn') return txn(asked)
    if (path === '/v3/watch') return { status: 200, body: '', more: watch(asked.create_request, signal) }
    if (path === '/v3/lease/keepalive') {
      const TTL = etcd.renew(asked.ID)
      return { status: 200, body: line({ header: header(), ID: asked.ID, ...(TTL > 0 ? { TTL: String(TTL) } : {}) }) }
    }
    if (path === '/v3/lease/revoke') return etcd.revoke(asked.ID) ? ok({}) : noLease
    if (path !== '/v3/lease/grant') return refused(404, 5, 'Not Found')
    if (!etcd.grant(asked.ID, Number(asked.TTL))) return refused(400, 9, 'etcdserver: lease already exists')
    return ok({ ID: asked.ID, TTL: asked.TTL })
  }
}

const noLease = refused(404, 5, 'etcdserver: requested lease not found')

function refused(status: number, code: number, message: string): AgentReply {
  return { status, body: JSON.stringify({ code, message }) }
}

function line(result: object): string {
  return `${JSON.stringify({ result })}\n`
}

function keyValue({ key, value = '', created, modified, lease }: Version) {
  const revisions = { create_revision: String(created), mod_revision: String(modified) }
  return { key: encoded(key), value: encoded(value), ...revisions, ...(lease === '0' ? {} : { lease }) }
}

function eventOf(version: Version) {
  if (version.value !== undefined) return { kv: keyValue(version) }
  return { type: 'DELETE', kv: { key: encoded(version.key), mod_revision: String(version.modified) } }
}
