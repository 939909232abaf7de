// Tags, as DogStatsD writes them behind the type of a metric, and in events.
import type { Tag } from '../statsd/tags.ts'

/** Datadog takes no longer ones. */
const longestTag = 200
const halfCharacter = /\p{Cs}$/u
// What ends a tag, the list of them, or a line for one reader or another.
const breaks = /[,|\p{Cc}\u2028\u2029]/gu

/**
 * Gives `key:value,…` in the order given. In values, commas, bars and controls become `_`, colons stay; a tag ends after 200 characters,
 * and one whose value is empty is left out, for readers refuse it.
 */
export function tagList(tags: readonly Tag[]): string {
  return tags
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}:${plainText(value)}`.slice(0, longestTag).replace(halfCharacter, ''))
    .join(',')
}

/** A text that ends neither a field nor a line. */
export function plainText(text: string): string {
  return text.toWellFormed().replaceAll(breaks, '_')
}
