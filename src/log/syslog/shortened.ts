// What is left of a message that is longer than receivers take: header first, then the text, then as many whole fields as fit.
import { cutText } from '../../primitives/cut-text.ts'
import type { Format } from './format.ts'

const ellipsis = '…'
const oneParam = / [^=]+="(?:[^"\\]|\\.)*"/gs

/**
 * Puts a message together that has `mostBytes` at most, of which the header takes a part. A text that needs more than half of the rest ends with `…`, never
 * within a character, as far as the fields want the other half. Fields are there whole or not at all, and `left_out` counts those that are not.
 */
export function shortened(format: Format, head: string, params: string, text: string, mostBytes: number): string {
  const around =
    bytesIn(format.message(head, params && ' ', text && ' ')) - bytesIn(params && ' ') - bytesIn(text && ' ')
  const room = mostBytes - around
  const wanted = Math.max(room - bytesIn(params), Math.min(bytesIn(text), Math.floor(room / 2)))
  const short = cut(text, params === '' ? room : wanted)
  return format.message(head, fewer(params, room - bytesIn(short)), short)
}

/** As much of a text as fits. */
export function cut(text: string, mostBytes: number): string {
  if (bytesIn(text) <= mostBytes) return text
  return cutText(text, mostBytes - bytesIn(ellipsis)) + ellipsis
}

function fewer(params: string, mostBytes: number): string {
  if (bytesIn(params) <= mostBytes) return params
  const all = params.match(oneParam) ?? []
  const mark = (leftOut: number) => ` left_out="${leftOut}"`
  let room = mostBytes - mark(all.length).length
  const kept = all.filter((param) => {
    const bytes = bytesIn(param)
    if (bytes > room) return false
    room -= bytes
    return true
  })
  return kept.join('') + mark(all.length - kept.length)
}

function bytesIn(text: string): number {
  return Buffer.byteLength(text)
}
