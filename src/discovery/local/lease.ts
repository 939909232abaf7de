// Lease: what one file of the registry says, and what is refused in one, as anybody may write there.
import { checkNumber } from '../../primitives/check.ts'
import { checkInstance, type Instance } from '../instance.ts'
import type { Owner } from './owner.ts'

/** The claim of a process to be an instance. Its file does not change; when that was last touched is when it was last renewed. */
export interface Lease {
  readonly service: string
  readonly instance: Instance
  readonly owner: Owner
  /** How long it holds after it was renewed, in milliseconds. */
  readonly leaseMs: number
  /** When it was announced, in milliseconds since the epoch: of two with the same id the later one counts. */
  readonly announcedAt: number
}

/** The longest lease, in milliseconds: a day. */
export const longestLeaseMs: number = 86_400_000

/** The size of the largest lease, in bytes. */
export const largestLeaseBytes: number = 65_536

/** A lease as the text of its file. Throws a RangeError when it is larger than readers take. */
export function leaseText(lease: Lease): string {
  const text = `${JSON.stringify(lease)}\n`
  const bytes = Buffer.byteLength(text)
  if (bytes <= largestLeaseBytes) return text
  throw new RangeError(`an instance may take ${largestLeaseBytes} bytes with all its metadata, but takes ${bytes}`)
}

/** The lease of a service that a text holds. Throws an Error that says why it is none. */
export function parseLease(text: string, service: string): Lease {
  const lease = JSON.parse(text) as Lease | null
  if (typeof lease !== 'object' || lease === null) throw new TypeError('it is no object')
  if (lease.service !== service) throw new TypeError(`service must be "${service}"`)
  checkInstance(lease.instance)
  checkNumber('leaseMs', lease.leaseMs, { min: 1, max: longestLeaseMs })
  checkNumber('announcedAt', lease.announcedAt, { min: 0, max: Number.MAX_SAFE_INTEGER })
  checkOwner(lease.owner)
  return lease
}

function checkOwner(owner: Owner | null | undefined): void {
  const { pid, startedAt, place } = owner ?? ({} as Partial<Owner>)
  // Of 0 and less a system thinks as of many processes.
  checkNumber('owner.pid', pid as number, { min: 1, max: 2 ** 31 - 1, integer: true })
  if (typeof place !== 'string') throw new TypeError('owner.place must be a text')
  if (startedAt !== undefined && typeof startedAt !== 'string') throw new TypeError('owner.startedAt must be a text')
}
