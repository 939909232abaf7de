// Names of metrics, as PCP takes them.

/**
 * Gives a name as PCP takes it: components of letters, digits and `_` that begin with a letter. A colon becomes `_`, and before a component
 * that begins otherwise comes an `x`. From PMNS(5).
 */
export function pcpName(name: string): string {
  const components = name.replaceAll(':', '_').split('.')
  return components.map((component) => (/^[A-Za-z]/.test(component) ? component : `x${component}`)).join('.')
}
