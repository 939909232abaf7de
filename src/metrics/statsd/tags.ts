// Tags, for the dialects that have them: those of all metrics, and labels as tags.
import type { LabelValue } from '../labelled.ts'

/** Tags by key: letters, digits, `_`, `-`, `.` and `/`, beginning with a letter. */
export type Tags = Readonly<Record<string, LabelValue>>

/** A tag whose value is as it was given. */
export type Tag = readonly [key: string, value: string]

const keyForm = /^[A-Za-z][A-Za-z0-9_./-]*$/

/** Looks at tags. Throws a TypeError that names the option and the key. */
export function checkTags(option: string, tags: Tags): Tags {
  if (typeof tags !== 'object' || tags === null) throw new TypeError(`${option} must be an object with tags`)
  for (const [key, value] of Object.entries(tags)) {
    if (!keyForm.test(key))
      throw new TypeError(
        `${option}: a key must be letters, digits, _, -, . and /, and begin with a letter, but is ${JSON.stringify(key)}`,
      )
    if (!['string', 'number', 'boolean'].includes(typeof value))
      throw new TypeError(`${option}: ${key} must be a text, a number or a boolean, but is ${typeof value}`)
  }
  return tags
}

/** The tags of a series: those of all metrics, then its labels in their order. A tag that has the name of a label gives way to it. */
export function seriesTags(tags: Tags, labels: readonly string[], values: readonly string[]): Tag[] {
  const others = Object.entries(tags).filter(([key]) => !labels.includes(key))
  return [
    ...others.map(([key, value]): Tag => [key, `${value}`]),
    ...labels.map((label, index): Tag => [label, values[index] ?? '']),
  ]
}
