// Calls what a program has hung on to our work, which must go on whatever that does.

/** Calls a listener. What it throws neither stops nor changes what tells it; it surfaces as an uncaught error. */
export function tell<E>(listener: ((event: E) => void) | undefined, event: E): void {
  try {
    listener?.(event)
  } catch (thrown) {
    surface(thrown)
  }
}

/** Has what a listener threw surface as an uncaught error, for those who call it without `tell`. */
export function surface(thrown: unknown): void {
  queueMicrotask(() => {
    throw thrown
  })
}
