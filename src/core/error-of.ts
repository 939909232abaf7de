// errorOf: whatever was thrown, as an Error.

/** Gives an Error as it is, and of anything else one with its text. Throws nothing: there are things that have no text. */
export function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  try {
    return new Error(String(thrown))
  } catch {
    return new Error('something without a text was thrown', { cause: thrown })
  }
}
