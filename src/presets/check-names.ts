// Refuses options that there are not: a part that somebody meant to switch off, and misspelt, would stay on.

/** Throws a TypeError that names an unknown option, and those that there are. */
export function checkNames(what: string, given: object, known: Readonly<Record<string, true>>): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue
    const meant = Object.keys(known).find((one) => one.toLowerCase() === name.toLowerCase())
    const advice = meant === undefined ? `it has ${Object.keys(known).join(', ')}` : `${meant} is meant`
    throw new TypeError(`${what} has no option ${JSON.stringify(name)}: ${advice}`)
  }
}
