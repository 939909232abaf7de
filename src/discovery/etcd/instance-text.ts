// What the value of a key says of an instance: as our registrar writes it, as gRPC's naming for etcd does, or as Go kit does.
import { checkInstance, type Instance } from '../instance.ts'
import { instanceMembers } from '../instance-members.ts'

/** The size of the largest value that is read or written, in bytes. */
export const largestValueBytes: number = 65_536

/** The value that registers an instance: itself, as JSON. Throws a RangeError when it is larger than readers take. */
export function instanceText(instance: Instance): string {
  const value = JSON.stringify(instanceMembers(instance))
  const bytes = Buffer.byteLength(value)
  if (bytes <= largestValueBytes) return value
  throw new RangeError(`an instance may take ${largestValueBytes} bytes with all its metadata, but takes ${bytes}`)
}

/** The instance in a value. One that does not say its id has that of its key. Throws an Error that says why there is none. */
export function instanceIn(value: string, id: string): Instance {
  if (value.length > largestValueBytes) throw new RangeError(`it is larger than ${largestValueBytes} bytes`)
  return checkInstance(
    value.trimStart().startsWith('{') ? ofJson(JSON.parse(value), id) : { id, address: hostOf(value) },
  )
}

/** What others write beside that is for others, and for later. */
function ofJson(json: Partial<Instance> & NamingUpdate, id: string): Instance {
  if (json.address === undefined && json.Addr !== undefined) return ofNaming(json, id)
  // What it is will be checked.
  return { ...instanceMembers(json), id: json.id ?? id } as Instance
}

/** What `client/v3/naming/endpoints` puts. */
interface NamingUpdate {
  readonly Addr?: string
  readonly Metadata?: unknown
}

/** Metadata may be anything there: of an object the members are taken, those that are no texts as JSON. */
function ofNaming({ Addr = '', Metadata }: NamingUpdate, id: string): Instance {
  if (typeof Metadata !== 'object' || Metadata === null) return { id, address: hostOf(Addr) }
  const texts = Object.entries(Metadata).map(([key, said]) => [key, typeof said === 'string' ? said : json(said)])
  return { id, address: hostOf(Addr), ...(texts.length === 0 ? {} : { metadata: Object.fromEntries(texts) }) }
}

const json = (said: unknown): string => JSON.stringify(said)

/** Go kit's examples put URLs. */
const hostOf = (text: string): string =>
  text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/\/$/, '')
