// How many lines a text has.

/** Counts line feeds: what comes after the last one is no line yet. */
export function linesIn(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
