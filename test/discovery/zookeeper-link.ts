// A link to a ZooKeeper of a test, and what was heard of it.
import type { ServiceError } from '../../src/core/errors.ts'
import { checkedConnection, type ZookeeperConnectionOptions } from '../../src/discovery/zookeeper/connection.ts'
import { Link } from '../../src/discovery/zookeeper/link.ts'
import type { SessionTicket } from '../../src/discovery/zookeeper/session-ticket.ts'
import type { WatchEvent } from '../../src/discovery/zookeeper/watch-event.ts'

/** Disposing it ends the connection. */
export class TestLink implements AsyncDisposable {
  readonly events: WatchEvent[] = []
  readonly ends: ServiceError[] = []
  readonly link: Link

  constructor(options: ZookeeperConnectionOptions, ticket?: SessionTicket, lastZxid = 0n) {
    const checked = checkedConnection(options)
    this.link = new Link({
      checked,
      server: checked.servers.next(),
      ticket: ticket ?? { id: 0n, password: new Uint8Array(16), timeoutMs: checked.sessionTimeoutMs },
      lastZxid,
      onEvent: (event) => this.events.push(event),
      onEnd: (error) => this.ends.push(error),
    })
  }

  static async open(options: ZookeeperConnectionOptions): Promise<TestLink> {
    const opening = new TestLink(options)
    await opening.link.opened
    return opening
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.link.destroy()
    await this.link.close(0)
  }
}
