// Registers instances in etcd: a key for each, which hangs on a lease of its own that is renewed for as long as the process lives.
import { ServiceError } from '../../core/errors.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Random, systemRandom } from '../../primitives/random.ts'
import { checkInstance, type Instance } from '../instance.ts'
import { type Announce, type Registrar, type RegistrarOptions, registrarFrom } from '../registrar.ts'
import { registrarWith } from '../registrar-with.ts'
import { checkedEtcd, type EtcdConnectionOptions } from './connection.ts'
import { EtcdGateway } from './gateway.ts'
import { instanceText } from './instance-text.ts'
import type { RangeReply } from './key-value.ts'
import { base64, checkService, keyOf } from './keys.ts'
import { Lease } from './lease.ts'

export type { Registrar } from '../registrar.ts'
export type { RequesterTls } from './connection.ts'

/** Where it is registered, and for how long at a time. */
export interface EtcdRegistrarOptions extends RegistrarOptions, EtcdConnectionOptions {
  /** After how long without a word an instance is gone, in milliseconds; from 1_000 to a day, in whole seconds, which are rounded up to. It is renewed three times as often. @default 15_000 */
  readonly ttlMs?: number | undefined
  /** What makes the ids of leases differ. @default systemRandom */
  readonly random?: Random | undefined
}

/**
 * Registers at `<path>/<service>/<id>` in etcd 3.4 or later, through its JSON gateway. Whatever becomes of the lease or of the key, it is registered anew. Of
 * two with the same id the later one wins; taking one back never takes away what the other one wrote. Throws a TypeError or RangeError for an option that
 * makes no sense; `register` also for a service with a slash in its name, and for an instance of more than 64 KiB.
 */
export function etcdRegistrar(options: EtcdRegistrarOptions = {}): Registrar {
  const { random = systemRandom } = options
  const ttlMs = checkNumber('ttlMs', options.ttlMs ?? 15_000, { min: 1_000, max: 86_400_000 })
  const checked = checkedEtcd(options)
  const gateway = new EtcdGateway(checked)
  const leases = new WeakMap<Instance, Lease>()

  const announce: Announce = async (service, instance, signal, mayBeThere) => {
    const key = base64(keyOf(checked.path, service, instance.id))
    const lease = leases.get(instance) ?? new Lease({ gateway, ttlMs, random })
    leases.set(instance, lease)
    const id = await lease.hold(signal)
    const withdraw = (each: AbortSignal) => lease.revoke(each)
    mayBeThere?.(withdraw)
    await gateway.ask('/v3/kv/txn', putUnlessThere(key, base64(instanceText(instance)), id), { signal })
    return {
      renewEveryMs: ttlMs / 3,
      renew: async (each) => {
        await lease.renew(each)
        const { count = '0' } = await gateway.ask<RangeReply>('/v3/kv/range', isThere(key), { signal: each })
        if (count === '0') throw new ServiceError('not_found', 'somebody has removed the key')
      },
      withdraw,
    }
  }

  const registrar = registrarFrom(checked.service.name, announce, options)
  return registrarWith(registrar, {
    accept: (service, instance) => {
      checkService(service)
      instanceText(checkInstance(instance))
      // By its copy the lease of this registration is known, though the same instance may be registered twice.
      return { ...instance }
    },
    close: () => gateway[Symbol.asyncDispose](),
  })
}

/** Done twice it changes nothing, and nobody who watches hears of it. */
function putUnlessThere(key: string, value: string, lease: string): object {
  const compare = [
    { target: 'LEASE', result: 'EQUAL', key, lease },
    { target: 'VALUE', result: 'EQUAL', key, value },
  ]
  return { compare, failure: [{ request_put: { key, value, lease } }] }
}

/** Any member may answer: one that lags behind only has it registered once more than needed. */
const isThere = (key: string): object => ({ key, count_only: true, serializable: true })
