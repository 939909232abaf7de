// Paths of nodes: how they are checked, joined, and made of any text.

// What ZooKeeper refuses in a path (PathUtils.validatePath), by which all beyond the basic plane is refused too.
const refused = /[\p{Cc}\ud800-\uf8ff\ufff0-\u{10ffff}]|^\.{1,2}$/u
// With those that stand for something in a path, or here.
const escaped = /[\p{Cc}\ud800-\uf8ff\ufff0-\u{10ffff}/%]|^\.{1,2}$/gu

/** Returns a path as it is. Throws a TypeError that names the option for one that ZooKeeper would refuse. */
export function checkPath(option: string, path: string): string {
  if (typeof path === 'string' && (path === '/' || /^(?:\/[^/]+)+$/.test(path)))
    if (!path.split('/').some((name) => refused.test(name))) return path
  throw new TypeError(`${option} must be a path like /a/b, but is ${JSON.stringify(path)}`)
}

/**
 * A name for any text: the text itself but for what cannot be in a name, and for `%`, which are written as `%` and two digits for each byte. Different
 * well-formed texts have different names.
 */
export function nodeName(text: string): string {
  const bytesOf = (part: string) => Array.from(Buffer.from(part), (byte) => `%${byte.toString(16).padStart(2, '0')}`)
  return text.toWellFormed().replace(escaped, (part) => bytesOf(part).join(''))
}

/** A path below another one, by a name or a path. */
export function below(path: string, more: string): string {
  if (more === '/') return path
  return `${path === '/' ? '' : path}${more.startsWith('/') ? more : `/${more}`}`
}

/** The path above one; `/` for one at the top. */
export function above(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1))
}
