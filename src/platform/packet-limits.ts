// How large packets may be and how much may wait, as senders of lines let it be said.
import { checkNumber } from '../primitives/check.ts'
import type { SocketAddress } from './socket-address.ts'

/** What is limited, in bytes. */
export interface PacketLimits {
  readonly maxPacketBytes?: number | undefined
  readonly maxPendingBytes?: number | undefined
}

const mostPacketBytes = 65_507
const mostPendingBytes = 2 ** 31

/** Throws a RangeError or TypeError that names the option: a packet has 128 bytes at least and what a datagram can have at most, and one packet may always wait. */
export function checkPacketLimits({ kind }: SocketAddress, { maxPacketBytes, maxPendingBytes }: PacketLimits): void {
  if (maxPacketBytes !== undefined)
    checkNumber('maxPacketBytes', maxPacketBytes, { min: 128, max: mostPacketBytes, integer: true })
  if (maxPendingBytes === undefined) return
  const min = maxPacketBytes ?? (kind === 'udp' ? 1_432 : 16_384)
  checkNumber('maxPendingBytes', maxPendingBytes, { min, max: mostPendingBytes })
}
