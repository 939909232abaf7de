// One lookup in Consul: blocking queries of its health endpoint, which return when something has changed.
import { ServiceError } from '../../core/errors.ts'
import { pause } from '../../core/pause.ts'
import { HttpService } from '../../platform/http-service.ts'
import type { CheckedHttpService } from '../../platform/http-service-options.ts'
import type { Instance } from '../instance.ts'
import type { InstanceSource } from '../instance-watch.ts'
import type { Pace } from '../pace.ts'
import { instancesIn } from './instances-in.ts'

/** What one lookup asks for. */
export interface HealthQuery {
  readonly service: string
  readonly tags: readonly string[]
  readonly path: string
  readonly waitMs: number
  readonly timeoutMs: number
  readonly pace: Pace
}

// An entry with its checks has some 1.5 kB.
const maxReplyBytes = 64 * 1024 * 1024

/**
 * One query after the other, each from the index of the one before, by the rules of Consul's documentation ("Blocking Queries"). Begun again after a
 * failure it asks for all: what an index of before is worth to an agent that has restarted, nobody knows.
 */
export function healthQueries(checked: CheckedHttpService, query: HealthQuery): InstanceSource {
  const { clock } = checked
  const { path, waitMs, timeoutMs, pace } = query
  return async function* (signal) {
    await using connection = new HttpService(checked)
    for (let index = 0; ; ) {
      const delayMs = pace.take(clock.now())
      if (delayMs > 0) await pause(clock, delayMs, signal)
      const isBlocking = index > 0
      const reply = await connection.ask(isBlocking ? `${path}&index=${index}&wait=${Math.round(waitMs)}ms` : path, {
        signal,
        limitMs: isBlocking ? (waitMs * 17) / 16 + timeoutMs : timeoutMs,
        maxReplyBytes,
        // Whoever has nothing to do but to wait for a change has nothing to do.
        background: isBlocking,
      })
      const next = indexAfter(index, reply.headers.get('x-consul-index') ?? '')
      const instances = readReply(checked.name, () => instancesIn(reply.body, query))
      if (instances.length === 0 && reply.headers.get('x-consul-results-filtered-by-acls') === 'true')
        throw hidden(checked.name, query.service)
      yield instances
      index = next
    }
  }

  function indexAfter(index: number, text: string): number {
    const next = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
    if (Number.isNaN(next))
      throw new ServiceError('internal', `${checked.name} sent no X-Consul-Index: is this the URL of a Consul agent?`)
    // With 0 a query would not wait; 1 is an index that nothing can still have.
    if (next < 1) return 1
    // Indexes go back when a snapshot is restored, or after a loss of memory: then all is asked for.
    return next < index ? 0 : next
  }
}

function readReply(name: string, read: () => readonly Instance[]): readonly Instance[] {
  try {
    return read()
  } catch (thrown) {
    throw new ServiceError('internal', `${name}: ${(thrown as Error).message}`, { cause: thrown })
  }
}

/** An empty list that is none must not take away what is known. */
function hidden(name: string, service: string): ServiceError {
  const text = `${name} hides all instances of ${service}: the token needs service:read and node:read`
  return new ServiceError('permission_denied', text)
}
