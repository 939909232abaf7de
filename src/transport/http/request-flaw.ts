// What is wrong with a request beyond what the parser of node:http refuses by itself: all that could be read in two ways.
import type { IncomingMessage } from 'node:http'

/** Why a request is refused, and its connection closed. */
export interface RequestFlaw {
  readonly status: 400 | 417 | 431
  readonly text: string
}

// RFC 9112, 3.2 and RFC 3986, 3.2.2: a name, or an address in brackets, and a port.
const hostForm = /^(?:\[[0-9a-fA-F:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/

/** The first flaw; undefined for a request as it should be. */
export function requestFlaw(request: IncomingMessage, maxHeaders: number): RequestFlaw | undefined {
  const { rawHeaders, headers, httpVersionMajor, httpVersionMinor } = request
  if (rawHeaders.length > 2 * maxHeaders) return { status: 431, text: `there are more than ${maxHeaders} headers` }
  if (httpVersionMajor !== 1) return bad('this server speaks HTTP/1.1')
  const hosts = hostsIn(rawHeaders)
  if (hosts > 1 || (hosts === 0 && httpVersionMinor > 0)) return bad('there must be one Host header')
  if (hosts === 1 && !hostForm.test(headers.host ?? '')) return bad('the Host header is not a host')
  const coding = headers['transfer-encoding']
  // Whoever stands before this server may read anything else in another way (RFC 9112, 6.1 and 11.2).
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersionMinor === 0))
    return bad('the only transfer-encoding that is read is chunked, once, in HTTP/1.1')
  const { expect } = headers
  if (expect !== undefined && httpVersionMinor > 0 && expect.toLowerCase() !== '100-continue')
    return { status: 417, text: 'the only expectation that can be met is 100-continue' }
  return undefined
}

function hostsIn(rawHeaders: readonly string[]): number {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts
}

function bad(text: string): RequestFlaw {
  return { status: 400, text }
}
