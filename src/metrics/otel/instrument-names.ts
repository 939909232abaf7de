// Names of instruments of OpenTelemetry, which are the same in capitals and in small letters.

const mostChars = 255

/** Gives each metric the name of an instrument of its own. */
export class InstrumentNames {
  readonly #claims = new Map<string, string>()

  /**
   * The name of an instrument: `_` for each `:`, and without the `_` before its first letter. Throws a TypeError for a name without a letter, for one of more than 255
   * characters, and for one that another metric has.
   */
  claim(metric: string): string {
    const name = metric.replaceAll(':', '_').replace(/^[^A-Za-z]+/, '')
    if (name === '' || name.length > mostChars)
      throw new TypeError(
        `metric ${metric}: OpenTelemetry has names of 1 to ${mostChars} characters that begin with a letter`,
      )
    const other = this.#claims.get(name.toLowerCase())
    if (other !== undefined && other !== metric)
      throw new TypeError(`metric ${metric} would be the instrument ${name} of OpenTelemetry, as ${other} is`)
    this.#claims.set(name.toLowerCase(), metric)
    return name
  }
}
