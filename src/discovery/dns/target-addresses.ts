// TargetAddresses: where the targets of SRV records are, asked of nobody where the answer brought it or it is still known.
import { isIP } from 'node:net'
import type { Clock } from '../../core/clock.ts'
import { errorOf } from '../../core/error-of.ts'
import { isDomainName } from './domain-name.ts'
import type { DnsResolver, Resolution } from './resolver.ts'
import type { AddressRecord, ResourceRecord } from './resource-record.ts'

/** What kind of addresses. */
export type AddressType = 'A' | 'AAAA'

/** What is known of a target. */
export interface TargetAddress {
  /** None where it has none, or where nothing could be learned. */
  readonly addresses: readonly string[]
  /** Until when it may be kept, as a moment of the clock. */
  readonly expiresAt: number
  /** Why there is none, or why what is here may be old; undefined where all is well. */
  readonly trouble?: string | undefined
  /** Whether the trouble is that nobody knew, and not that there is nothing. */
  readonly isFailure?: boolean | undefined
}

/** How targets are resolved. */
export interface TargetAddressesOptions {
  readonly resolver: DnsResolver
  /** Which addresses are taken; those of the other kind where there are none of these. */
  readonly prefer: AddressType
  readonly clock: Clock
}

const mostAtOnce = 16
/** After how many failures in a row no more targets are asked for: a thousand of them would otherwise each wait for a server that is silent. */
const mostFailures = 32
/** After how long a target is asked for again that nobody knew. */
const failureTtlMs = 5_000
// RFC 6761, 6.3: no server is asked for this one.
const loopback: Readonly<Record<AddressType, string>> = { A: '127.0.0.1', AAAA: '::1' }
const isLoopback = /(?:^|\.)localhost$/

/** Remembers the targets of the last set, as long as they may be kept, and while nobody knows better. */
export class TargetAddresses {
  readonly #options: TargetAddressesOptions
  #known: ReadonlyMap<string, TargetAddress> = new Map()
  #failuresInARow = 0

  constructor(options: TargetAddressesOptions) {
    this.#options = options
  }

  /** Resolves all targets, a few at a time. `additional` is what came along with them. Rejects only with the reason of the signal. */
  async resolve(
    targets: ReadonlySet<string>,
    additional: readonly ResourceRecord[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TargetAddress>> {
    const found = new Map<string, TargetAddress>()
    const brought = Map.groupBy(additional, ({ name }) => name)
    const left = targets.values()
    this.#failuresInARow = 0
    const work = async () => {
      for (const target of left) found.set(target, await this.#find(target, brought.get(target) ?? [], signal))
    }
    await Promise.all(Array.from({ length: Math.min(mostAtOnce, targets.size) }, work))
    // Where nobody knew anything, the next lookup comes soon, and shall ask anew.
    if (![...found.values()].every(({ isFailure }) => isFailure)) this.#known = found
    return found
  }

  async #find(target: string, brought: readonly ResourceRecord[], signal: AbortSignal): Promise<TargetAddress> {
    const { prefer, clock } = this.#options
    if (isIP(target) !== 0) return { addresses: [target], expiresAt: Infinity }
    if (isLoopback.test(target)) return { addresses: [loopback[prefer]], expiresAt: Infinity }
    if (!isDomainName(target))
      return { addresses: [], expiresAt: Infinity, trouble: 'its target is not the name of a host' }
    const known = this.#known.get(target)
    try {
      let ttlMs = Infinity
      for (const type of prefer === 'A' ? (['A', 'AAAA'] as const) : (['AAAA', 'A'] as const)) {
        const here = brought.filter((record): record is AddressRecord => record.type === type)
        if (here.length === 0 && known !== undefined && known.expiresAt > clock.now()) return known
        const { records, ttlMs: keptMs } = here.length > 0 ? resolutionOf(here) : await this.#ask(target, type, signal)
        ttlMs = Math.min(ttlMs, keptMs)
        // A server may say the same thing twice, in its answer and beside it.
        const addresses = [...new Set(records.map(({ address }) => address))]
        if (addresses.length > 0) return { addresses, expiresAt: clock.now() + ttlMs }
      }
      return { addresses: [], expiresAt: clock.now() + ttlMs, trouble: 'its target has no address' }
    } catch (thrown) {
      signal.throwIfAborted()
      const trouble = errorOf(thrown).message
      return { addresses: known?.addresses ?? [], expiresAt: clock.now() + failureTtlMs, trouble, isFailure: true }
    }
  }

  async #ask(target: string, type: AddressType, signal: AbortSignal): Promise<Resolution<AddressType>> {
    if (this.#failuresInARow >= mostFailures) throw new Error(`${mostFailures} targets in a row could not be resolved`)
    this.#failuresInARow++
    const resolution = await this.#options.resolver.resolve(target, type, signal)
    this.#failuresInARow = 0
    return resolution
  }
}

function resolutionOf(records: readonly AddressRecord[]): Pick<Resolution<AddressType>, 'records' | 'ttlMs'> {
  return { records, ttlMs: Math.min(...records.map(({ ttlMs }) => ttlMs)) }
}
