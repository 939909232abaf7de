// Numbers in metadata, where registries have only texts, and others may have written what they like.

/** The number from 0 on that a text is, as in `2.5`; undefined for any other text, and for none: it is no number of ours. */
export function numberIn(text: string | undefined): number | undefined {
  const isNumber = text !== undefined && /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text)
  return isNumber && Number(text) <= Number.MAX_SAFE_INTEGER ? Number(text) : undefined
}
