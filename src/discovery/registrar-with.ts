// A registrar whose registry refuses what others take, and whose connection has to be closed.
import type { Instance } from './instance.ts'
import type { Registrar } from './registrar.ts'

/** What an adapter adds to what `registrarFrom` makes. */
export interface RegistrarParts {
  /** Gives what is registered in place of an instance, most often itself. Throws for what the registry would refuse again and again. */
  accept(service: string, instance: Instance): Instance
  /** Lets go of the connection; called when all instances were taken back, or could not be. */
  close(): Promise<void>
}

/** Refuses what the registry would, before anything is announced, and closes the connection in the end. */
export function registrarWith(registrar: Registrar, { accept, close }: RegistrarParts): Registrar {
  return {
    name: registrar.name,
    register: (service, instance, events) => registrar.register(service, accept(service, instance), events),
    [Symbol.asyncDispose]: async () => {
      try {
        await registrar[Symbol.asyncDispose]()
      } finally {
        await close()
      }
    },
  }
}
