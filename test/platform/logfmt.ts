// A reader of logfmt for tests of what writes it.

/** Reads `key=value` and `key="quoted value"`, as go-logfmt does. */
export function pairsOf(line: string): readonly (readonly [key: string, text: string])[] {
  const pair = /(?<key>[^ ="]+)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^ "]*))(?: |$)/y
  const pairs: (readonly [string, string])[] = []
  while (pair.lastIndex < line.length) {
    const at = pair.lastIndex
    const { key = '', quoted, bare = '' } = pair.exec(line)?.groups ?? {}
    if (key === '') throw new SyntaxError(`no pair at ${at} of ${JSON.stringify(line)}`)
    pairs.push([key, quoted === undefined ? bare : JSON.parse(`"${quoted}"`)])
  }
  return pairs
}
