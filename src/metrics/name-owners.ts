// Whose names are, for receivers that know metrics by other names than ours: some of ours become the same there, and would be mixed up.

/** The names of metrics as a receiver has them. */
export class NameOwners {
  readonly #receiver: string
  readonly #owners = new Map<string, string>()

  /** `receiver` as it is named in errors. */
  constructor(receiver: string) {
    this.#receiver = receiver
  }

  /** Takes a name for a metric. Throws a TypeError that says both metrics when another one has it. */
  claim(metric: string, name: string): void {
    const other = this.#owners.get(name)
    if (other !== undefined && other !== metric)
      throw new TypeError(`metric ${metric} would be ${name} to ${this.#receiver}, as ${other} is`)
    this.#owners.set(name, metric)
  }
}
