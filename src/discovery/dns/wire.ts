// Wire: how octets come to a DNS server and back, for one question.
import type { DnsServer } from './dns-server.ts'

/** Who hears of a wire, until it is closed. */
export interface WireListener {
  /** A whole message has come. */
  onMessage(bytes: Uint8Array): void
  onError(error: Error): void
}

/** Sends a message at once. Holds no process. What it gives closes it, after which nobody hears of it any more. */
export type Wire = (server: DnsServer, message: Uint8Array, listener: WireListener) => Disposable
