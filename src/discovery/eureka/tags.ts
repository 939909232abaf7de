// Tags in one text, for a registry whose metadata has nothing but texts.

/** Joins them by commas, as people write them; a comma in one of them is `%2C`. */
export function tagsText(tags: readonly string[]): string {
  return tags.map((tag) => tag.replaceAll(/[%,]/g, encodeURIComponent)).join(',')
}

/** Reads them again. */
export function tagsIn(text: string): readonly string[] {
  return text.split(',').map((tag) => tag.replaceAll(/%2C|%25/g, decodeURIComponent))
}
