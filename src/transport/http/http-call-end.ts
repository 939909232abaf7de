// How one call over HTTP ended, as the hooks of the single-endpoint doors hear of it.
import type { CallEnd } from '../hooks.ts'

/** How one call over HTTP ended. */
export interface HttpCallEnd extends CallEnd {
  /** What was sent, or what came; 0 when there was no reply. */
  readonly status: number
  /** Of the body of the request, as far as it was read. */
  readonly requestBytes: number
  /** Of the body of the reply. */
  readonly responseBytes: number
}
