// Names of instruments of OpenTelemetry, which are the same in capitals and in small letters.
import { NameOwners } from '../name-owners.ts'

const mostChars = 255

/** Gives each metric the name of an instrument of its own. */
export class InstrumentNames {
  readonly #owners = new NameOwners('OpenTelemetry')

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
    this.#owners.claim(metric, name.toLowerCase())
    return name
  }
}
