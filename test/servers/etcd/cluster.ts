// An etcd of three members, each a process of its own that a test may kill.
import { freePorts } from '../free-ports.ts'
import { type OwnServer, ownServer } from '../own-server.ts'
import { type EtcdServer, etcdLike } from './launch-etcd.ts'

/** Three members of one cluster. */
export interface EtcdCluster extends AsyncDisposable {
  readonly members: readonly [OwnServer, OwnServer, OwnServer]
  /** Those of the members, in their order. */
  readonly urls: readonly [string, string, string]
}

const names = ['one', 'two', 'three'] as const

/** Resolves when all are up: none is before the others are. */
export async function etcdCluster(server: EtcdServer): Promise<EtcdCluster> {
  const ports = await freePorts(names.flatMap((name) => [`${name} client`, `${name} peer`] as const))
  const members = Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${ports[`${name} peer`]}`]))
  await using starting = new AsyncDisposableStack()
  const start = async (name: (typeof names)[number]) => {
    const { serving, ...like } = etcdLike(server, { cluster: { name, members } })
    if (serving === undefined) throw new Error('it serves nothing')
    const own = { client: ports[`${name} client`], peer: ports[`${name} peer`] }
    return starting.use(
      await ownServer({
        ...like,
        // The others have been told where it is.
        serving: {
          ports: [],
          launch: (place) => serving.launch({ ...place, ports: own }),
          isReady: (place) => serving.isReady({ ...place, ports: own }),
          addresses: (place) => serving.addresses({ ...place, ports: own }),
        },
      }),
    )
  }
  const started = await Promise.all([start('one'), start('two'), start('three')])
  const running = starting.move()
  const [one, two, three] = started.map(({ addresses }) => addresses['url'] as string) as [string, string, string]
  return { members: started, urls: [one, two, three], [Symbol.asyncDispose]: () => running.disposeAsync() }
}
