// Texts that a program or a stranger chose, written so that they stay inside their line and their quotes.
import type { Format } from './format.ts'

const special = /[\\"\n]/g
const specialInHelp: Readonly<Record<Format, RegExp>> = { text: /[\\\n]/g, openmetrics: special }
const escaped: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

/** The value of a label, without the quotes around it: the same in both formats. */
export function escapeLabel(value: string): string {
  return value.replace(special, (char) => escaped[char] ?? char)
}

/** What a metric means. Only OpenMetrics escapes the quotes in it. */
export function escapeHelp(help: string, format: Format): string {
  return help.replace(specialInHelp[format], (char) => escaped[char] ?? char)
}
