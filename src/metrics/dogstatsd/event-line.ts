// Events of DogStatsD: what happened once, for people who look at a timeline.
import { byteLength } from '../../primitives/byte-length.ts'
import { checkOneOf } from '../../primitives/check.ts'
import { cutText } from '../../primitives/cut-text.ts'
import { checkTags, seriesTags, type Tags } from '../statsd/tags.ts'
import { plainText, tagList } from './tag-list.ts'

/** Something that happened. */
export interface DogstatsdEvent {
  /** Not empty. Line feeds are kept in it and in `text`. */
  readonly title: string
  /** Markdown if it begins with `%%%` and a line feed. What does not fit into the packet is cut off. @default '' */
  readonly text?: string | undefined
  /** When it happened, in milliseconds since the epoch; sent in whole seconds. @default when it is received */
  readonly happenedAt?: number | undefined
  /** @default that of the Agent */
  readonly hostname?: string | undefined
  /** Events with the same key are shown as one. @default none */
  readonly aggregationKey?: string | undefined
  /** @default 'normal' */
  readonly priority?: 'normal' | 'low' | undefined
  /** As in the list of Datadog's integrations: `nginx`. @default none */
  readonly sourceType?: string | undefined
  /** @default 'info' */
  readonly alertType?: 'error' | 'warning' | 'info' | 'success' | undefined
  /** Besides those of all metrics. @default none */
  readonly tags?: Tags | undefined
}

/** What all lines of a sender have in common. */
export interface Sender {
  readonly tags: Tags
  readonly origin: string
}

/**
 * Gives `_e{5,4}:title|text|d:…|h:…|k:…|p:…|s:…|t:…|#…`, of at most `maxBytes` unless it is longer even without its text. The lengths are
 * bytes of UTF-8. Throws a TypeError for an event without a title, and for a field that makes no sense.
 */
export function eventLine(event: DogstatsdEvent, { tags, origin }: Sender, maxBytes: number): string {
  const { title, text = '', happenedAt, hostname, aggregationKey, priority, sourceType, alertType } = event
  const shownTitle = typeof title === 'string' ? oneLine(title) : ''
  if (shownTitle === '') throw new TypeError('title of an event must be a text that is not empty')
  if (typeof text !== 'string') throw new TypeError('text of an event must be a text')
  if (priority !== undefined) checkOneOf('priority', priority, ['normal', 'low'])
  if (alertType !== undefined) checkOneOf('alertType', alertType, ['error', 'warning', 'info', 'success'])
  const list = tagList(seriesTags({ ...tags, ...checkTags('tags of an event', event.tags ?? {}) }, [], []))
  const fields = [
    ['d', secondsAt('happenedAt', happenedAt)],
    ['h', hostname],
    ['k', aggregationKey],
    ['p', priority],
    ['s', sourceType],
    ['t', alertType],
  ] as const
  const end = `${optionalFields(fields)}${list && `|#${list}`}${origin}\n`
  const rest = maxBytes - byteLength(`_e{${byteLength(shownTitle)},0000}:${shownTitle}|${end}`) + 1
  const shownText = cut(oneLine(text), Math.max(0, rest))
  return `_e{${byteLength(shownTitle)},${byteLength(shownText)}}:${shownTitle}|${shownText}${end}`
}

/** The fields that there are, each with its key. */
export function optionalFields(fields: readonly (readonly [key: string, value: string | undefined])[]): string {
  return fields.map(([key, value]) => (value === undefined ? '' : `|${key}:${plainText(`${value}`)}`)).join('')
}

/** A moment as the protocol writes it. Throws a TypeError for what is none. */
export function secondsAt(option: string, at: number | undefined): string | undefined {
  if (at === undefined) return undefined
  if (typeof at === 'number' && at >= 1_000 && at < 8.64e15) return `${Math.floor(at / 1_000)}`
  throw new TypeError(`${option} must be milliseconds since the epoch, but is ${String(at)}`)
}

/** The readers of events make line feeds of it again. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n|[\n\r\u0085\u2028\u2029]/g, '\\n')
    .replaceAll('\0', '')
}

const ellipsis = '…'

/** Ends the text where it has that many bytes. */
function cut(text: string, maxBytes: number): string {
  if (byteLength(text) <= maxBytes) return text
  const room = maxBytes - byteLength(ellipsis)
  // The half of an escape would be seen as a backslash.
  return room < 0 ? '' : `${cutText(text, room).replace(/\\$/, '')}${ellipsis}`
}
