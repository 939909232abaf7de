// All that a server serves: its own contract and what else is mounted, told apart from what only looks like it.
import type { Contract, Methods } from '../../core/contract.ts'
import type { Endpoints } from '../../core/endpoints.ts'
import { mounted } from '../dispatch.ts'
import type { HttpMount } from './service.ts'

/** What every HTTP server may be given to serve. */
export interface MountOptions {
  readonly mount?: readonly (HttpMount | readonly HttpMount[])[] | undefined
}

/** Reads the arguments of a server: a contract, its endpoints and options, or options alone. Throws a TypeError for what is none of it. */
export function mountsOf<M extends Methods, O extends MountOptions>(
  first: Contract<M> | O,
  served: Endpoints<Contract<M>> | undefined,
  rest: O | undefined,
): { readonly mounts: readonly HttpMount[]; readonly options: O | undefined } {
  const isContract = 'methods' in first && 'routes' in first
  if (isContract && served === undefined)
    throw new TypeError(`contract ${first.name}: its endpoints are missing; make them with endpoints()`)
  const own = isContract && served !== undefined ? mounted(first as Contract<M>, served) : []
  const options = isContract ? rest : (first as O)
  const more = options?.mount ?? []
  if (!Array.isArray(more)) throw new TypeError('mount must be a list')
  const mounts: readonly HttpMount[] = [...own, ...(more as (HttpMount | readonly HttpMount[])[]).flat()]
  for (const mount of mounts) {
    if (typeof mount?.info?.fullName === 'string' && typeof mount.endpoint === 'function') continue
    throw new TypeError('mount takes what mounted(), httpEndpoint() and httpHandler() give')
  }
  return { mounts, options }
}
