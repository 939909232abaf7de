// Looks a service up in ZooKeeper: the nodes below its own, by watches that tell of each change.
import { tell } from '../../core/tell.ts'
import type { Instance } from '../instance.ts'
import { type Instancer, type InstancerOptions, type InstanceSource, instancerFrom } from '../instancer.ts'
import type { LeftOutEvent } from '../left-out-event.ts'
import { type CheckedConnection, checkedConnection, type ZookeeperConnectionOptions } from './connection.ts'
import { below, nodeName } from './node-name.ts'
import { ServiceNodes } from './service-nodes.ts'
import { Session, type SessionListener } from './session.ts'

export type { Instancer } from '../instancer.ts'
export type { LeftOutEvent } from '../left-out-event.ts'
export type { RequesterTls } from './connection.ts'

/** What is looked up, and where. */
export interface ZookeeperInstancerOptions extends InstancerOptions, ZookeeperConnectionOptions {
  /** Its name: that of the node below `path` which has its instances. */
  readonly service: string
  /** Told of each node that is left out, once for what it says; the others count. @default nothing */
  readonly onLeftOut?: ((event: LeftOutEvent) => void) | undefined
}

/**
 * Follows a service in ZooKeeper: what `zookeeperRegistrar` announces, and also what Go kit, Curator and Spring Cloud do. A service whose node is not there
 * has no instances. While the ensemble cannot be reached, what was known stays. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function zookeeperInstancer(options: ZookeeperInstancerOptions): Instancer {
  const { service, onLeftOut } = options
  if (typeof service !== 'string' || service === '') throw new TypeError('service must be a text')
  const checked = checkedConnection(options)
  const name = `${service} in ${checked.name}`
  const nodes = new ServiceNodes(name, below(checked.path, nodeName(service)), (event) => tell(onLeftOut, event))
  return instancerFrom(name, watched(checked, nodes), options)
}

/** Fails with the connection; called again it goes on with the session of before, and what was known in that. */
function watched(checked: CheckedConnection, nodes: ServiceNodes): InstanceSource {
  let wake = () => {}
  const listener: SessionListener = {
    onConnect: (link) => nodes.begin(link.sessionId),
    onEvent: (event) => {
      nodes.note(event)
      wake()
    },
    onDisconnect: () => wake(),
    onLost: () => {},
  }
  let kept: Session | undefined

  return async function* (signal): AsyncGenerator<readonly Instance[]> {
    const session = kept ?? new Session(checked, listener, { keep: false })
    kept = session
    const end = () => {
      kept = undefined
      void session.close()
      wake()
    }
    signal.addEventListener('abort', end, { once: true })
    try {
      const link = await session.connect(signal)
      for (;;) {
        yield await nodes.read(link)
        await new Promise<void>((resolve) => {
          wake = resolve
          if (!nodes.areCurrent || link.error !== undefined) resolve()
        })
        if (link.error !== undefined) throw link.error
      }
    } finally {
      signal.removeEventListener('abort', end)
      // Who is about to be asked again keeps its session and no connection: nobody looks after that meanwhile.
      if (signal.aborted) await session.close()
      else await session.drop()
    }
  }
}
