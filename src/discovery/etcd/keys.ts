// Under which keys the instances of a service are, and how keys are written in the JSON of etcd's gateway.

/** Where keys are, unless said otherwise. */
export const defaultPath = '/services'

/** A range of keys as requests have it: from `key` to before `range_end`, in base64. */
export interface KeyRange {
  readonly key: string
  readonly range_end: string
}

/** Returns a path without slashes at its end. Throws a TypeError for what is none. */
export function checkPath(path: unknown): string {
  if (typeof path !== 'string') throw new TypeError(`path must be a text like ${defaultPath}`)
  return path.replace(/\/+$/, '')
}

/** Returns the name of a service. Throws a TypeError for one that would be among the keys of another. */
export function checkService(service: unknown): string {
  if (typeof service === 'string' && /^[^/]+$/.test(service)) return service
  throw new TypeError('service must be a text without a slash: what comes before one belongs to path')
}

/** What all keys of a service begin with. It ends with a slash: those of `barsvc2` do not begin with that of `bar`. */
export function prefixOf(path: string, service: string): string {
  return path === '' ? `${service}/` : `${path}/${service}/`
}

/** The key of an instance. */
export function keyOf(path: string, service: string, id: string): string {
  return prefixOf(path, service) + id.replaceAll(/[%/]/g, encodeURIComponent)
}

/** All keys that begin with a prefix whose end is a slash. */
export function rangeOf(prefix: string): KeyRange {
  // '0' comes after '/'.
  return { key: base64(prefix), range_end: base64(`${prefix.slice(0, -1)}0`) }
}

/** The first key behind one, both in base64. */
export function behind(key: string): string {
  return Buffer.concat([Buffer.from(key, 'base64'), Buffer.of(0)]).toString('base64')
}

/** Text as bytes are written. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** Bytes as they are written, as text. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'base64').toString()
}
