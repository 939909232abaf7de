// A served program that runs, and the order in which it ends: nobody new is sent here, then nobody is let in, then the last ones leave.

import { type Clock, systemClock } from '../core/clock.ts'
import type { Methods } from '../core/contract.ts'
import type { Registration } from '../discovery/registrar.ts'
import type { Health } from '../health/health.ts'
import { Closing } from '../platform/closing.ts'
import type { RunningServer } from '../transport/server-transport.ts'
import type { AppRegistrations } from './app-registrations.ts'
import { flushAtEnd } from './flush-at-end.ts'
import type { App, ServeOptions } from './serve-options.ts'

/** What an app is made of. */
export interface AppParts extends Pick<App, 'metricsUrl' | 'pipeline' | 'health' | 'livenessUrl' | 'readinessUrl'> {
  readonly servers: readonly RunningServer[]
  /** Those that only show pages: they stay until the last call has been counted. */
  readonly pageServers: readonly RunningServer[]
  readonly registrations: AppRegistrations | undefined
  /** How long it serves on after the end has begun, in milliseconds. */
  readonly propagationMs: number
  /** Disposed when all has been counted. */
  readonly held: Disposable
}

/** An app whose servers listen. */
export class ServedApp implements App {
  readonly servers: readonly RunningServer[]
  readonly pipeline: App['pipeline']
  readonly health: Health | undefined
  readonly metricsUrl: string | undefined
  readonly livenessUrl: string | undefined
  readonly readinessUrl: string | undefined
  readonly registrations: readonly Registration[]
  readonly #closing: Closing

  constructor(parts: AppParts, output: Pick<ServeOptions<Methods>, 'logger' | 'metrics'>, clock: Clock = systemClock) {
    this.servers = parts.servers
    this.pipeline = parts.pipeline
    this.health = parts.health
    this.metricsUrl = parts.metricsUrl
    this.livenessUrl = parts.livenessUrl
    this.readinessUrl = parts.readinessUrl
    this.registrations = parts.registrations?.all ?? []
    this.#closing = new Closing(() => end(parts, output, clock))
  }

  get url(): string {
    return this.servers[0]?.url ?? ''
  }

  get closed(): Promise<void> {
    return this.#closing.closed
  }

  close(): Promise<void> {
    return this.#closing.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing.close()
  }
}

async function end(
  { health, registrations, propagationMs, servers, pageServers, held }: AppParts,
  { logger, metrics }: Pick<ServeOptions<Methods>, 'logger' | 'metrics'>,
  clock: Clock,
): Promise<void> {
  logger?.info('closing')
  // Whoever asks from now on sends nobody here any more.
  health?.setReady(false, 'shutting down')
  await registrations?.close()
  if (propagationMs > 0) {
    // Whoever has asked before goes on to call for a while.
    logger?.info('still serving', { propagationMs })
    // Whoever keeps a connection and does not ask at all hears of it so.
    for (const server of servers) server.leave?.()
    await clock.sleep(propagationMs)
  }
  logger?.info('draining')
  const ends = await Promise.allSettled(servers.map((server) => server.close()))
  ends.push(...(await Promise.allSettled(pageServers.map((server) => server.close()))))
  ends.push(await flushAtEnd(() => metrics?.flush?.()))
  held[Symbol.dispose]()
  logger?.info('closed')
  ends.push(await flushAtEnd(() => logger?.flush()))
  const failed = ends.find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
