// What stands before the names of metrics, for receivers that take them apart at dots.

const form = /^[A-Za-z0-9_.-]*$/

/** Returns a prefix as it is. Throws a TypeError for one that such a receiver could not read. */
export function checkPrefix(prefix: string): string {
  if (typeof prefix === 'string' && form.test(prefix)) return prefix
  throw new TypeError(`prefix must be letters, digits, _, - and dots, but is ${JSON.stringify(prefix)}`)
}
