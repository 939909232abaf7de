// Registers instances with a Eureka, and keeps them registered by renewing their leases.
import type { Clock } from '../../core/clock.ts'
import { ServiceError } from '../../core/errors.ts'
import { HttpService } from '../../platform/http-service.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Announce, type Announcement, type Registrar, type RegistrarOptions, registrarFrom } from '../registrar.ts'
import { registrarWith } from '../registrar-with.ts'
import { tellingDoubt } from '../telling-doubt.ts'
import { checkedEureka, type EurekaConnectionOptions } from './connection.ts'
import { instanceInfoOf } from './instance-info.ts'
import { type RegistrationTerms, registrationBody } from './registration.ts'

export type { Registrar } from '../registrar.ts'
export type { RequesterTls } from './connection.ts'

/** With which servers is registered, and what is said of an instance. */
export interface EurekaRegistrarOptions extends RegistrarOptions, EurekaConnectionOptions {
  /** After how long without a renewal the lease ends, in milliseconds, in whole seconds for Eureka; at least 1_000. It is renewed three times in it. Eureka gives up an instance after twice that, when it next looks, each 60 s. @default 90_000 */
  readonly ttlMs?: number | undefined
  /** Whether instances are called by TLS: then their port is the secure one. @default false */
  readonly secure?: boolean | undefined
  /** The path of a page that says how an instance is, which Eureka's page links to. @default '/livez' */
  readonly statusPath?: string | undefined
  /** The path of a page whose status says whether an instance should be called. @default '/readyz' */
  readonly healthPath?: string | undefined
}

/**
 * Registers as `UP`, with the id `<service>:<instance id>`; a server that has lost it is told again. Throws a TypeError or RangeError for an option that makes no sense;
 * `register` also for names and metadata that Eureka could not tell others.
 */
export function eurekaRegistrar(options: EurekaRegistrarOptions = {}): Registrar {
  const { ttlMs = 90_000, secure = false, statusPath = '/livez', healthPath = '/readyz' } = options
  checkPath('statusPath', statusPath)
  checkPath('healthPath', healthPath)
  checkNumber('ttlMs', ttlMs, { min: 1_000, max: 2 ** 31 - 1 })
  const checked = checkedEureka(options)
  const server = new Server(new HttpService(checked), checked.clock, { ttlMs, secure, statusPath, healthPath })
  const registrar = registrarFrom(checked.name, (...asked) => server.announce(...asked), options)
  return registrarWith(registrar, {
    accept: (service, instance) => {
      registrationBody(service, instance, server.terms, 0)
      return instance
    },
    close: () => server.close(),
  })
}

function checkPath(option: string, path: unknown): void {
  if (typeof path !== 'string' || !/^\/[\x21-\x7e]*$/.test(path))
    throw new TypeError(`${option} must be a path, but is ${JSON.stringify(path)}`)
}

/** The round trips of one Eureka. */
class Server {
  readonly terms: RegistrationTerms
  readonly #service: HttpService
  readonly #clock: Clock

  constructor(service: HttpService, clock: Clock, terms: RegistrationTerms) {
    this.#service = service
    this.#clock = clock
    this.terms = terms
  }

  async announce(...[service, instance, signal, mayBeThere]: Parameters<Announce>): Promise<Announcement> {
    const { app, instanceId } = registrationBody(service, instance, this.terms, 0).instance
    const applicationPath = `/apps/${app}`
    const path = `${applicationPath}/${encodeURIComponent(instanceId)}`
    const withdraw = (each: AbortSignal) => this.#withdraw(path, each)
    // Of one that is registered with a later time Eureka would keep that, and say nothing: a clock was set back, or that of another host is ahead.
    const dirtyAt = Math.max(Math.round(this.#clock.wallNow()), await this.#dirtyAt(path, signal))
    const body = registrationBody(service, instance, this.terms, dirtyAt)
    const register = () => this.#service.ask(applicationPath, { method: 'POST', headers: asJson, body, signal })
    await tellingDoubt(register, signal, () => mayBeThere?.(withdraw))
    const renewal = `${path}?status=UP&lastDirtyTimestamp=${dirtyAt}`
    return { renewEveryMs: this.terms.ttlMs / 3, renew: (each) => this.#renew(renewal, each), withdraw }
  }

  close(): Promise<void> {
    return this.#service[Symbol.asyncDispose]()
  }

  /** Fails where the server does not know the instance, or knows what it was before. */
  async #renew(path: string, signal: AbortSignal): Promise<void> {
    await this.#service.ask(path, { method: 'PUT', signal })
  }

  async #withdraw(path: string, signal: AbortSignal): Promise<void> {
    await orNothing(this.#service.ask(path, { method: 'DELETE', signal }))
  }

  /** When the instance that the server has under this id last changed; 0 where it has none. */
  async #dirtyAt(path: string, signal: AbortSignal): Promise<number> {
    const reply = await orNothing(this.#service.ask(path, { signal }))
    if (reply === undefined) return 0
    try {
      return instanceInfoOf(JSON.parse(new TextDecoder().decode(reply.body)).instance, undefined).lastDirtyAt
    } catch {
      // Whatever it is that it has, it is about to be replaced.
      return 0
    }
  }
}

const asJson = { accept: 'application/json', 'content-type': 'application/json' }

/** Undefined where the server has no such instance. */
async function orNothing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (thrown) {
    if (thrown instanceof ServiceError && thrown.code === 'not_found') return undefined
    throw thrown
  }
}
