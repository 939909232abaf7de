// errorOf: whatever was thrown as an Error, as anything can be thrown.

/** Gives an Error as it is, and makes one of anything else. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
