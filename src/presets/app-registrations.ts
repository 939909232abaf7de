// The registrations of one served program: begun together, logged, and taken back in time whatever their registries do.
import { type Clock, systemClock } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { within } from '../core/within.ts'
import type { Instance } from '../discovery/instance.ts'
import type { Registrar, Registration, RegistrationEvents } from '../discovery/registrar.ts'
import { errorFields } from '../log/log-calls.ts'
import type { Fields, Logger } from '../log/logger.ts'

// Orchestrators kill what takes too long, and there is more to do.
const limitMs = 5_000

/** One instance of one service, announced by several registrars. */
export class AppRegistrations {
  readonly all: readonly Registration[]
  readonly #fields: Fields
  readonly #logger: Logger | undefined
  readonly #clock: Clock

  /** Throws what a registrar throws, and a TypeError for one that gives no registration, once what the others have begun is being taken back. */
  constructor(
    registrars: readonly Registrar[],
    service: string,
    instance: Instance,
    logger: Logger | undefined,
    clock: Clock = systemClock,
  ) {
    this.#fields = { service, ...fieldsOf(instance) }
    this.#logger = logger
    this.#clock = clock
    const all: Registration[] = []
    this.all = all
    try {
      for (const registrar of registrars) all.push(registered(registrar, service, instance, logged(logger)))
    } catch (thrown) {
      void this.close()
      throw thrown
    }
  }

  /** Takes all of them back, side by side. Resolves when that is done, or after five seconds; never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((registration) => this.#takeBack(registration)))
  }

  async #takeBack(registration: Registration): Promise<void> {
    const fields = this.#fields
    const late = () => new Error(`the registry was not told within ${formatDuration(limitMs)}`)
    this.#logger?.info('deregistering', fields)
    try {
      const closing = async () => await registration.close()
      await within(closing(), { clock: this.#clock, limitMs, late })
      this.#logger?.info('deregistered', fields)
    } catch (thrown) {
      this.#logger?.warn('not deregistered', { ...fields, ...errorFields(thrown, false) })
    }
  }
}

/** What is none could not be taken back at the end, when it is too late to say so. */
function registered(registrar: Registrar, ...asked: Parameters<Registrar['register']>): Registration {
  const registration = registrar.register(...asked)
  if (typeof registration?.close === 'function') return registration
  throw new TypeError(`register must give a registration, and at once: ${registrar.name} does not`)
}

/** Logs what becomes of a registration until it is taken back. */
function logged(logger: Logger | undefined): RegistrationEvents | undefined {
  if (logger === undefined) return undefined
  return {
    onChange: ({ name, registration: { state, service, instance } }) => {
      if (state === 'registered') logger.info('registered', { registry: name, service, ...fieldsOf(instance) })
    },
    onError: ({ name, service, instance, during, error }) => {
      if (during === 'deregister') return
      const message = during === 'register' ? 'not registered' : 'registration not renewed'
      logger.warn(message, { registry: name, service, ...fieldsOf(instance), ...errorFields(error, false) })
    },
  }
}

function fieldsOf({ id, address }: Instance): Fields {
  return { instance: id, address }
}
