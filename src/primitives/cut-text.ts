// Texts for places that hold so many bytes and no more.
import { byteLength } from './byte-length.ts'

/** Ends a text where it would be longer than `maxBytes` in UTF-8, and never within a character. */
export function cutText(text: string, maxBytes: number): string {
  if (byteLength(text) <= maxBytes) return text
  let end = 0
  let bytes = 0
  for (const character of text) {
    bytes += byteLength(character)
    if (bytes > maxBytes) break
    end += character.length
  }
  return text.slice(0, end)
}
