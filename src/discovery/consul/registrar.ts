// Registers instances with a Consul agent, and keeps them registered: with a TTL that is renewed, or a check that the agent makes.
import { ServiceError } from '../../core/errors.ts'
import { HttpService } from '../../platform/http-service.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Announce, type Announcement, type Registrar, type RegistrarOptions, registrarFrom } from '../registrar.ts'
import { registrarWith } from '../registrar-with.ts'
import { tellingDoubt } from '../telling-doubt.ts'
import { type CheckedCheck, type ConsulCheck, checkedCheck } from './check.ts'
import { type ConsulConnectionOptions, checkedConsul } from './connection.ts'
import { checkId, consulId, serviceDefinition } from './service-definition.ts'

export type { Registrar } from '../registrar.ts'
export type { ConsulCheck, ConsulHttpCheck, ConsulTtlCheck } from './check.ts'
export type { RequesterTls } from './connection.ts'

/** With which agent is registered, and how Consul knows that an instance is alive. */
export interface ConsulRegistrarOptions extends RegistrarOptions, ConsulConnectionOptions {
  /** False for none: the instance passes as long as its agent lives. @default { ttlMs: 15_000 } */
  readonly check?: ConsulCheck | false | undefined
  /** Without a TTL: how often the agent is asked whether it still has the instance, in milliseconds; at least 100. @default 10_000 */
  readonly verifyIntervalMs?: number | undefined
}

/**
 * Registers with the agent of its host, in the datacenter of that one. A service gets the ID `<service>:<instance id>` and passes at once; an agent that has lost
 * it is told again. Throws a TypeError or RangeError for an option that makes no sense; `register` also for metadata that Consul refuses.
 */
export function consulRegistrar(options: ConsulRegistrarOptions = {}): Registrar {
  const { check = {}, verifyIntervalMs = 10_000 } = options
  const checked = checkedConsul(options)
  const agent = new Agent(
    new HttpService(checked),
    check === false ? undefined : checkedCheck(check),
    checkNumber('verifyIntervalMs', verifyIntervalMs, { min: 100, max: 2 ** 31 - 1 }),
  )
  const registrar = registrarFrom(checked.name, (...asked) => agent.announce(...asked), options)
  return registrarWith(registrar, {
    accept: (service, instance) => {
      serviceDefinition(service, instance, agent.check)
      return instance
    },
    close: () => agent.close(),
  })
}

/** The round trips of one agent. */
class Agent {
  readonly check: CheckedCheck | undefined
  readonly #connection: HttpService
  readonly #verifyEveryMs: number

  constructor(connection: HttpService, check: CheckedCheck | undefined, verifyEveryMs: number) {
    this.check = check
    this.#connection = connection
    this.#verifyEveryMs = verifyEveryMs
  }

  async announce(...[service, instance, signal, mayBeThere]: Parameters<Announce>): Promise<Announcement> {
    const id = consulId(service, instance)
    const withdraw = (each: AbortSignal) => this.#withdraw(id, each)
    // A check of before, of another kind say, would stay, and fail.
    const path = '/v1/agent/service/register?replace-existing-checks=true'
    const register = () => this.#put(path, signal, serviceDefinition(service, instance, this.check))
    await tellingDoubt(register, signal, () => mayBeThere?.(withdraw))
    const renewEveryMs = this.check?.renewEveryMs
    if (renewEveryMs === undefined)
      return { renewEveryMs: this.#verifyEveryMs, renew: (each) => this.#verify(id, each), withdraw }
    // A service that the agent already knows stays in the state it was in, critical say, until it hears of its TTL.
    await this.#pass(id, signal)
    return { renewEveryMs, renew: (each) => this.#pass(id, each), withdraw }
  }

  close(): Promise<void> {
    return this.#connection[Symbol.asyncDispose]()
  }

  /** Fails where the agent does not know the check. */
  #pass(id: string, signal: AbortSignal): Promise<void> {
    return this.#put(`/v1/agent/check/pass/${encodeURIComponent(checkId(id))}`, signal)
  }

  /** Fails where the agent does not know the service. */
  async #verify(id: string, signal: AbortSignal): Promise<void> {
    await this.#connection.ask(`/v1/agent/service/${encodeURIComponent(id)}`, { signal })
  }

  async #withdraw(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`, signal)
    } catch (thrown) {
      // It has none: nothing is left to take back.
      if (!(thrown instanceof ServiceError && thrown.code === 'not_found')) throw thrown
    }
  }

  async #put(path: string, signal: AbortSignal, body?: unknown): Promise<void> {
    await this.#connection.ask(path, { method: 'PUT', body, signal })
  }
}
