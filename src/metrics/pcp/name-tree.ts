// The tree of names of PCP, in which a metric is a leaf and nothing else.

/** Names that are in use. */
export class NameTree {
  /** Each name, and each branch that leads to one, with the metric that it belongs to. */
  readonly #leaves = new Map<string, string>()
  readonly #branches = new Map<string, string>()

  /** Takes the names of a metric, or none of them: throws a TypeError when one is there, or is a branch of the tree, or hangs on a leaf. */
  add(metric: string, names: readonly string[]): void {
    for (const name of names) {
      const above = branchesOf(name).find((branch) => this.#leaves.has(branch))
      const other = this.#leaves.get(name) ?? this.#branches.get(name) ?? (above && this.#leaves.get(above))
      if (other !== undefined && other !== metric)
        throw new TypeError(`metric ${metric} is ${name} in PCP, where ${other} is in the way: give it another name`)
    }
    for (const name of names) {
      this.#leaves.set(name, metric)
      for (const branch of branchesOf(name)) this.#branches.set(branch, metric)
    }
  }
}

function branchesOf(name: string): string[] {
  const components = name.split('.')
  return components.slice(1).map((_, index) => components.slice(0, index + 1).join('.'))
}
