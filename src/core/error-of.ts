// errorOf: an Error of whatever was thrown, for those who must go on and say what it was.

/** Gives an Error as it is, and makes one of anything else; of what cannot even be shown, with that as its cause. Never throws. */
export function errorOf(thrown: unknown): Error {
  try {
    if (!(thrown instanceof Error)) return new Error(String(thrown))
    if (typeof thrown.message === 'string') return thrown
  } catch {
    // It runs code of its own when it is looked at, and that fails too.
  }
  return new Error('what was thrown cannot be shown', { cause: thrown })
}
