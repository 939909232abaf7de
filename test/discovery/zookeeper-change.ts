// Measures what one change among many instances costs an instancer of ZooKeeper: bytes that are read, and time from the last of them to who listens.
import { systemClock } from '../../src/core/clock.ts'
import { worldAcl } from '../../src/discovery/zookeeper/acl.ts'
import { zookeeperInstancer } from '../../src/discovery/zookeeper/instancer.ts'
import { addNode, removeNode, setData } from '../../src/discovery/zookeeper/operation.ts'
import { TcpFront } from './tcp-front.ts'
import { TestLink } from './zookeeper-link.ts'

/** What came of one kind of change. */
export interface ChangeCost {
  /** For each round, in bytes as a client reads them. */
  readonly bytes: readonly number[]
  /** For each round, in milliseconds. */
  readonly latencyMs: readonly number[]
}

/** How it is measured. */
export interface ChangeOptions {
  /** One server, as `host:port`. */
  readonly server: string
  readonly instances: number
  readonly rounds: number
}

const quietMs = 20
const base = { acl: worldAcl, mode: 'ephemeral' } as const
const textOf = (n: number, weight = 1) =>
  Buffer.from(JSON.stringify({ id: `i${n}`, address: `10.0.${n >> 8}.${n & 255}:8080`, weight }))

/** What the beginning, a new instance, another weight of one, and one that leaves cost. Its nodes go with it. */
export async function measureChanges({
  server,
  instances,
  rounds,
}: ChangeOptions): Promise<Record<'first' | 'joins' | 'changes' | 'leaves', ChangeCost>> {
  const [host = '', port] = server.split(':')
  await using front = await TcpFront.open({ host, port: Number(port) }, systemClock)
  await using stack = new AsyncDisposableStack()
  const { link } = stack.use(await TestLink.open({ servers: server, sessionTimeoutMs: 30_000 }))
  stack.defer(() => link.close(1_000))
  const path = '/services/measured'
  for (const each of ['/services', path])
    await link.request(addNode({ ...base, path: each, data: Buffer.alloc(0), mode: 'persistent' }))
  const put = (n: number) => link.request(addNode({ ...base, path: `${path}/i${n}`, data: textOf(n) }))
  for (let at = 0; at < instances; at += 500)
    await Promise.all(Array.from({ length: Math.min(500, instances - at) }, (_, n) => put(at + n)))

  let heard = Promise.withResolvers<void>()
  await using instancer = zookeeperInstancer({ service: 'measured', servers: front.address })
  const measure = async (change: () => unknown) => {
    heard = Promise.withResolvers()
    const before = front.sentBytes
    await change()
    const latencyMs = await heard.promise.then(() => systemClock.now() - front.sentAt)
    // What one watch tells may be known before another one tells it too.
    await systemClock.sleep(quietMs)
    return { bytes: front.sentBytes - before, latencyMs }
  }
  const repeat = async (change: (round: number) => unknown): Promise<ChangeCost> => {
    const all = []
    for (let round = 0; round < rounds; round++) all.push(await measure(() => change(round)))
    return { bytes: all.map(({ bytes }) => bytes), latencyMs: all.map(({ latencyMs }) => latencyMs) }
  }
  const first = await measure(() => instancer.subscribe(() => heard.resolve()))
  return {
    first: { bytes: [first.bytes], latencyMs: [first.latencyMs] },
    joins: await repeat((round) => put(instances + round)),
    changes: await repeat((round) => link.request(setData(`${path}/i${round}`, textOf(round, 2)))),
    leaves: await repeat((round) => link.request(removeNode(`${path}/i${instances + round}`, -1))),
  }
}
