// Texts in one piece, for what is joined once and put into many others.

/** The same text. What was joined V8 keeps as a tree of its parts, which each text that it gets into would have to walk again. */
export function flat(text: string): string {
  // Whatever reads characters makes one piece of it.
  Number(text)
  return text
}
