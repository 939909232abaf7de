// Errors without a stack: for those that are made in storms, and whose stack would show nothing but where the package makes them.

/** What V8 adds to Error; others do not know it. */
interface Stacks {
  stackTraceLimit?: number
}

/** Makes an error, or several, that take no stack, where the engine lets itself be told (V8 does). A stack costs as much as a call. */
export function withoutStack<E extends Error>(make: () => E): E {
  const stacks: Stacks = Error as Stacks
  const { stackTraceLimit } = stacks
  if (typeof stackTraceLimit !== 'number' || Object.isFrozen(Error)) return make()
  stacks.stackTraceLimit = 0
  try {
    return make()
  } finally {
    stacks.stackTraceLimit = stackTraceLimit
  }
}
