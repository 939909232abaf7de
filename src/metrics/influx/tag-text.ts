// Names and tags as InfluxDB's line protocol has them: which characters mean something in it, and what stands for them.

/** A measurement as it is written. */
export function measurementText(name: string): string {
  return oneLine(name).replaceAll(/[, ]/g, String.raw`\$&`)
}

/** The key of a tag or of a field as it is written. */
export function keyText(name: string): string {
  return oneLine(name).replaceAll(/[,= ]/g, String.raw`\$&`)
}

/** The value of a tag as it is written; one that is empty cannot be, and means that there is no such tag. */
export const tagText: (value: string) => string = keyText

/** A number as a field: a whole one that always is one has an `i`, and all others are floats. Undefined for what is no finite number. */
export function fieldText(value: number, isInteger: boolean): string | undefined {
  if (!Number.isFinite(value)) return undefined
  return isInteger ? `${value}i` : `${value}`
}

/**
 * A line ends at a line feed, whatever stands before it. Backslashes become slashes: InfluxDB reads two as two and VictoriaMetrics as one, and
 * one before a comma, a space or the end of a value neither would read as what it is.
 */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '_').replaceAll('\\', '/')
}
