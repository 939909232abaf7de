// The page as a Handler: which format is asked for, and which of the metrics; and the page made small on its way.
import type { Handler } from '../../core/handler.ts'
import { refuseMethod } from '../refuse-method.ts'
import { acceptsGzip, contentTypes, type Format, formatOf } from './format.ts'

/** What of the page is wanted: all, or the metrics of which one name is among these. */
export type Wanted = ReadonlySet<string> | undefined

/** Below that gzip gains nothing: it all goes into one packet. */
const leastGzipChars = 1_024

/**
 * Answers GET and HEAD with what `render` gives, in the format of the `Accept` header, compressed where `Accept-Encoding` allows it;
 * other methods are 405. `?name[]=` asks for single metrics, by their own name or that of a sample.
 */
export function scrapeHandler(render: (format: Format, wanted: Wanted) => string | Promise<string>): Handler {
  return async (request) => {
    const { method } = request
    const refused = refuseMethod(method, 'metrics')
    if (refused !== undefined) return refused
    const format = formatOf(request.headers.get('accept'))
    const headers = { 'content-type': contentTypes[format] }
    // The page is not made: a reader of `onCollect` may cost something, and nobody would see what it gives.
    if (method === 'HEAD') return new Response(null, { headers })
    const names = new URL(request.url).searchParams.getAll('name[]')
    const page = await render(format, names.length === 0 ? undefined : new Set(names))
    const isZipped = page.length >= leastGzipChars && acceptsGzip(request.headers.get('accept-encoding'))
    const body = new Response(page, { headers }).body
    // Not every runtime can compress.
    if (body === null || !isZipped || typeof CompressionStream === 'undefined') return new Response(page, { headers })
    return new Response(body.pipeThrough(new CompressionStream('gzip')), {
      headers: { ...headers, 'content-encoding': 'gzip' },
    })
  }
}
