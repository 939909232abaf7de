// What middleware cannot see of a server's calls: those that fail before their method runs or after it has answered, and those refused.
import type { MethodInfo } from '../core/method.ts'
import { errorFields, levelOf } from '../log/log-calls.ts'
import type { Logger } from '../log/logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { DispatchStats } from '../transport/dispatch.ts'
import { type CallStage, printFault } from '../transport/hooks.ts'
import type { ServiceEvents } from '../transport/server-transport.ts'

/** Who watches what already. */
export interface Watched {
  /** Those whose calls are measured. */
  readonly methods: ReadonlySet<MethodInfo>
  /** Whether their calls are logged too. */
  readonly isLogged: boolean
}

/** Logs and counts the failures that a call log and RED metrics do not have. Without a logger faults are printed. */
export function serverEvents(
  logger: Logger | undefined,
  metrics: Metrics | undefined,
  { methods, isLogged }: Watched,
): ServiceEvents {
  const failed = metrics?.counter({
    name: 'rpc.server.unseen_failures',
    help: 'Calls that failed in a stage that no other metric sees: when their request was read, when their reply was sent (they are counted as ok), or in what is mounted beside the contract. May be summed over hosts.',
    labels: ['rpc.method', 'stage', 'rpc.response.status_code'],
  })
  return {
    onError: (event) => {
      const { ctx, method, stage, error, thrown } = event
      const isWatched = stage === 'method' && methods.has(method)
      if (!isWatched)
        failed?.with({ 'rpc.method': method.fullName, stage, 'rpc.response.status_code': error.code }).add()
      if (logger === undefined) {
        printFault(event)
        return
      }
      const level = levelOf({ code: error.code, error, failure: undefined })
      // Where there is no call log, faults are what must not be silent.
      if (stage === 'method' && ((isWatched && isLogged) || level !== 'error')) return
      const fields = { method: method.fullName, code: error.code, ...errorFields(thrown, level === 'error') }
      logger.log(level, whatFailed[stage], fields, ctx)
    },
    onLateReply: ({ method }) => logger?.debug('late reply dropped', { method: method.fullName }),
  }
}

const whatFailed: Readonly<Record<CallStage, string>> = {
  request: 'request not read',
  method: 'call failed',
  reply: 'reply not sent',
}

/** What servers count by themselves, read when metrics are collected; more may be added to the list. Dispose what it returns when they have closed. */
export function serverMetrics(metrics: Metrics, servers: readonly { readonly stats: DispatchStats }[]): Disposable {
  const counted = {
    refused: metrics.counter({
      name: 'rpc.server.refused_calls',
      help: 'Calls refused before they began: an unknown method, or a server that shuts down. May be summed over hosts.',
    }),
    expired: metrics.counter({
      name: 'rpc.server.expired_calls',
      help: 'Calls dropped unread because their deadline had passed. May be summed over hosts.',
    }),
    late: metrics.counter({
      name: 'rpc.server.late_replies',
      help: 'Replies dropped because their caller no longer waited. May be summed over hosts.',
    }),
  }
  const seen = { refused: 0, expired: 0, late: 0 }
  const read = () => {
    for (const name of ['refused', 'expired', 'late'] as const) {
      const total = servers.reduce((sum, { stats }) => sum + stats[name], 0)
      counted[name].add(total - seen[name])
      seen[name] = total
    }
  }
  const reader = metrics.onCollect(read)
  return {
    [Symbol.dispose]() {
      reader[Symbol.dispose]()
      // Metrics may outlive their servers, and what came since they were read last would be in none.
      read()
    },
  }
}
