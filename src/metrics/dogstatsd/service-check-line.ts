// Service checks of DogStatsD: whether something that the service depends on is well.
import { checkOneOf } from '../../primitives/check.ts'
import { checkTags, seriesTags, type Tags } from '../statsd/tags.ts'
import { oneLine, optionalFields, type Sender, secondsAt } from './event-line.ts'
import { plainText, tagList } from './tag-list.ts'

/** How something is. */
export interface DogstatsdServiceCheck {
  /** As in `shop.can_connect`. Not empty. */
  readonly name: string
  readonly status: 'ok' | 'warning' | 'critical' | 'unknown'
  /** When it was so, in milliseconds since the epoch; sent in whole seconds. @default when it is received */
  readonly checkedAt?: number | undefined
  /** @default that of the Agent */
  readonly hostname?: string | undefined
  /** Why it is so. @default none */
  readonly message?: string | undefined
  /** Besides those of all metrics. @default none */
  readonly tags?: Tags | undefined
}

const statuses = ['ok', 'warning', 'critical', 'unknown'] as const

/** Gives `_sc|name|0|d:…|h:…|#…|m:…`. Throws a TypeError for a check without a name or a status, and for a field that makes no sense. */
export function serviceCheckLine(check: DogstatsdServiceCheck, { tags, origin }: Sender): string {
  const { name, status, checkedAt, hostname, message } = check
  if (typeof name !== 'string' || name === '')
    throw new TypeError('name of a service check must be a text that is not empty')
  const code = statuses.indexOf(checkOneOf('status', status, statuses))
  const list = tagList(seriesTags({ ...tags, ...checkTags('tags of a service check', check.tags ?? {}) }, [], []))
  const fields = optionalFields([
    ['d', secondsAt('checkedAt', checkedAt)],
    ['h', hostname],
  ])
  // The message comes last: some readers take all that follows for it. Its own `m:` would begin it anew.
  const text = message === undefined ? '' : `|m:${plainText(oneLine(`${message}`)).replaceAll('m:', 'm\\:')}`
  return `_sc|${plainText(name)}|${code}${fields}${list && `|#${list}`}${origin}${text}\n`
}
