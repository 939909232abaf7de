// A reply of Eureka: the whole registry, or what has changed in it of late.
import { type InstanceInfo, instanceInfoOf } from './instance-info.ts'

/** The instances in a reply, of all applications. */
export interface Applications {
  readonly instances: readonly InstanceInfo[]
  /** How many instances of each status the server has: `DOWN_1_UP_3_`. Undefined where it does not say. */
  readonly hash: string | undefined
}

/** Reads a reply to `/apps` or `/apps/delta`. Throws an Error for what is none. */
export function applicationsIn(body: Uint8Array): Applications {
  const { applications } = (parsed(body) ?? {}) as { readonly applications?: Reply | null }
  if (typeof applications !== 'object' || applications === null)
    throw new Error('the reply has no applications: is this the URL of a Eureka, with its path?')
  const { apps__hashcode: hash } = applications
  const instances = listOf(applications.application).flatMap((application) =>
    listOf(application?.instance).map((instance) => instanceInfoOf(instance, application?.name)),
  )
  return { instances, hash: typeof hash === 'string' ? hash : undefined }
}

/** The members that are read. Where there is but one of something, older versions write no list. */
interface Reply {
  readonly apps__hashcode?: unknown
  readonly application?: Application | readonly Application[] | null
}

type Application = { readonly name?: unknown; readonly instance?: unknown } | null

function listOf<T>(value: T | readonly T[] | null | undefined): readonly T[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value as T]
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch (thrown) {
    throw new Error('the reply is not JSON: is this the URL of a Eureka, with its path?', { cause: thrown })
  }
}
