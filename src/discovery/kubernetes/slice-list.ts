// Lists the EndpointSlices of a service, page by page.
import { ServiceError } from '../../core/errors.ts'
import { type EndpointSlice, isSlice } from './endpoint-slice.ts'
import { isOneOf, type SlicesApi } from './slices-api.ts'

/** What is listed. */
export interface SliceListing {
  readonly selector: string
  readonly signal: AbortSignal
  /** How long a page may take, in milliseconds. */
  readonly timeoutMs: number
  /** As the server is named in errors. */
  readonly name: string
}

/** All slices at a moment. */
export interface ListedSlices {
  readonly slices: readonly EndpointSlice[]
  /** From where a watch goes on. */
  readonly resourceVersion: string
}

// One with a hundred endpoints, as controllers make them, has some 35 kB, and one of ours 1 kB.
const pageSize = 500
const maxReplyBytes = 256 * 1024 * 1024

/**
 * All pages are of the moment of the first one, for as long as the server remembers that; when it does not, all are asked for again, at once: a list without
 * pages cannot become too old.
 */
export async function listSlices(api: SlicesApi, listing: SliceListing): Promise<ListedSlices> {
  try {
    return await pages(api, listing, String(pageSize))
  } catch (thrown) {
    if (isOneOf(thrown, 'out_of_range')) return await pages(api, listing, undefined)
    throw thrown
  }
}

async function pages(api: SlicesApi, listing: SliceListing, limit: string | undefined): Promise<ListedSlices> {
  const { selector, signal, timeoutMs, name } = listing
  const query = new URLSearchParams({ labelSelector: selector, ...(limit === undefined ? {} : { limit }) })
  const slices: EndpointSlice[] = []
  for (;;) {
    const { body } = await api.list(query, { signal, limitMs: timeoutMs, maxReplyBytes })
    const page = pageIn(body, name)
    slices.push(...page.slices)
    if (page.next === '') return { slices, resourceVersion: page.resourceVersion }
    query.set('continue', page.next)
  }
}

function pageIn(body: Uint8Array, name: string): ListedSlices & { readonly next: string } {
  let list: { readonly items?: unknown; readonly metadata?: { resourceVersion?: unknown; continue?: unknown } } | null
  try {
    list = JSON.parse(new TextDecoder().decode(body))
  } catch (thrown) {
    throw noList(name, thrown)
  }
  // A list of nothing may have no items.
  const { items, metadata } = list ?? {}
  const slices: unknown = items ?? []
  const { resourceVersion, continue: next = '' } = metadata ?? {}
  if (!Array.isArray(slices) || !slices.every(isSlice)) throw noList(name)
  if (typeof resourceVersion !== 'string' || typeof next !== 'string') throw noList(name)
  return { slices, resourceVersion, next }
}

const noList = (name: string, cause?: unknown): ServiceError =>
  new ServiceError('internal', `${name} sent no list of EndpointSlices: is this the URL of an API server?`, { cause })
