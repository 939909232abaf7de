// One line of a watch.
import { ServiceError } from '../../core/errors.ts'
import { type EndpointSlice, isSlice } from './endpoint-slice.ts'

/** What a watch tells ("Efficient detection of changes" in the API's concepts). */
export type WatchEvent =
  | { readonly kind: 'there' | 'gone'; readonly slice: EndpointSlice; readonly resourceVersion: string }
  /** All until here has been told. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  /** The version from which it was to go on is too old. */
  | { readonly kind: 'expired' }

const kinds = new Map<unknown, 'there' | 'gone' | 'bookmark'>([
  ['ADDED', 'there'],
  ['MODIFIED', 'there'],
  ['DELETED', 'gone'],
  ['BOOKMARK', 'bookmark'],
])

/** Reads a line. Throws a ServiceError for what makes no sense, and for what the server failed with. */
export function watchEvent(line: Uint8Array, name: string): WatchEvent {
  const { type, object } = parsed(line, name)
  if (type === 'ERROR') return failure(object, name)
  const kind = kinds.get(type)
  const { metadata } = (object ?? {}) as { readonly metadata?: { readonly resourceVersion?: unknown } }
  const resourceVersion = metadata?.resourceVersion
  if (typeof resourceVersion !== 'string' || resourceVersion === '') throw senseless(name)
  if (kind === 'bookmark') return { kind, resourceVersion }
  if (kind === undefined || !isSlice(object)) throw senseless(name)
  return { kind, slice: object, resourceVersion }
}

/** An error is a Status, as the body of a refusal is. */
function failure(status: unknown, name: string): WatchEvent {
  const { code, message } = (status ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  if (code === 410) return { kind: 'expired' }
  throw new ServiceError('unavailable', `${name} ended a watch with ${String(code)}: ${String(message)}`)
}

function parsed(line: Uint8Array, name: string): { readonly type?: unknown; readonly object?: unknown } {
  try {
    return JSON.parse(new TextDecoder().decode(line)) ?? {}
  } catch (thrown) {
    throw senseless(name, thrown)
  }
}

const senseless = (name: string, cause?: unknown): ServiceError =>
  new ServiceError('internal', `${name} sent a watch event that makes no sense`, { cause })
