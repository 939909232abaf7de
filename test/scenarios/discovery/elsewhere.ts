// Instances of loopback in a registry that takes no such addresses: they are announced as if they were elsewhere, and found as they are.
import type { Instance } from '../../../src/discovery/instance.ts'
import type { Instancer, InstanceSet } from '../../../src/discovery/instancer.ts'
import type { Registrar } from '../../../src/discovery/registrar.ts'

const [here, elsewhere] = ['127.0.0.1:', '10.255.255.1:']

const moved = (instance: Instance, from: string, to: string): Instance => ({
  ...instance,
  address: instance.address.replace(from, to),
})

/** Announces instances of loopback under another address. */
export function asElsewhere(registrar: Registrar): Registrar {
  return {
    name: registrar.name,
    register: (service, instance, events) => registrar.register(service, moved(instance, here, elsewhere), events),
    [Symbol.asyncDispose]: () => registrar[Symbol.asyncDispose](),
  }
}

/** Finds those where they are. */
export function onLoopback(instancer: Instancer): Instancer {
  const found = (set: InstanceSet): InstanceSet => ({
    ...set,
    instances: set.instances?.map((instance) => moved(instance, elsewhere, here)),
  })
  return {
    name: instancer.name,
    get current() {
      return found(instancer.current)
    },
    subscribe: (listener) => instancer.subscribe((set) => listener(found(set))),
    [Symbol.asyncDispose]: () => instancer[Symbol.asyncDispose](),
  }
}
