// What was thrown, marked to be logged as a line of text rather than with its details.

/** Logs what was thrown as one line, its message and those of its causes: a cause may be anything, so that the logger's own redactor must see it. */
export class ErrorLine {
  readonly thrown: unknown

  constructor(thrown: unknown) {
    this.thrown = thrown
  }
}

/** What was thrown, to be logged as one line. Undefined for undefined. */
export function errorLine(thrown: unknown): ErrorLine | undefined {
  return thrown === undefined ? undefined : new ErrorLine(thrown)
}
