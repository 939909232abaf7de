// A file name for any text: nothing in it leaves its folder, hides, or is the same to a file system that knows no upper case.
import { createHash } from 'node:crypto'

// With what a lease adds to it this is short enough for file systems that encrypt names, which take 143 bytes.
const longest = 100
const shown = 60

// A dot at an end hides a file, or is lost on Windows.
const unsafe = /^\.|\.$|[^a-z0-9._-]/gu
// To Windows these are devices, in any folder and with any ending.
const device = /^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))./

/**
 * Gives different texts different names, of `a-z`, `0-9`, `-`, `_`, `.` and, for all else, `%` and two digits a byte. A long one is cut,
 * and told from others by a hash behind a `~`.
 */
export function fileNameOf(text: string): string {
  const name = text.replace(unsafe, escaped).replace(device, escaped)
  if (name.length <= longest && text.isWellFormed()) return name
  // Over UTF-16: as UTF-8 all halves of pairs are the same.
  const hash = createHash('sha256').update(text, 'utf16le').digest('hex')
  return `${name.slice(0, shown)}~${hash.slice(0, 32)}`
}

function escaped(part: string): string {
  return Array.from(Buffer.from(part), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}
