// Domain names: how people write them, and how a question carries them (RFC 1035, 3.1 and 5.1).

const longestLabelBytes = 63
const longestNameBytes = 255
// A backslash would begin an escape: what has one came out of a message, and names no host.
const label = /^[!-[\]-~]+$/

/** A name in the one form that all names here have: small letters, no dot at its end. Throws a TypeError that names the option. */
export function domainName(option: string, text: string): string {
  const name = typeof text === 'string' ? text.toLowerCase().replace(/\.$/, '') : undefined
  if (name !== undefined && isDomainName(name)) return name
  throw new TypeError(
    `${option} must be a domain name in ASCII, with labels of 1 to ${longestLabelBytes} characters, but is ${JSON.stringify(text)}`,
  )
}

/** Whether something in that form can be asked for. */
export function isDomainName(name: string): boolean {
  const isShort = name.length + 2 <= longestNameBytes
  return isShort && name.split('.').every((part) => part.length <= longestLabelBytes && label.test(part))
}

/** A name as octets: each label after its length, and the root at the end. */
export function domainNameBytes(name: string): Uint8Array {
  const bytes = new Uint8Array(name.length + 2)
  let at = 0
  for (const part of name.split('.')) {
    bytes[at++] = part.length
    for (let index = 0; index < part.length; index++) bytes[at++] = part.charCodeAt(index)
  }
  return bytes
}
