// LeftOutEvent: what is told of an entry in a registry that stands for no instance.

/** An entry is left out: the others are taken. */
export interface LeftOutEvent {
  /** What was looked up. */
  readonly name: string
  /** Where the registry has it: a key, a path. */
  readonly entry: string
  /** Says why. */
  readonly error: Error
}
