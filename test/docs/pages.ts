// Takes Markdown pages apart, as far as their promises can be checked: code blocks, headings and links.
import { posix } from 'node:path'

/** One page of the documentation. */
export interface Page {
  /** From the root of the repository: `docs/guide/context.md`. */
  readonly path: string
  /** The page without its blocks. */
  readonly prose: string
  readonly blocks: readonly Block[]
}

/** A fenced code block. */
export interface Block {
  /** Where the opening fence is: line n of the code is line `line + n` of the page. */
  readonly line: number
  /** What stands behind the opening fence: the language, and what is asked of it. */
  readonly info: string
  readonly code: string
  /** Whether there are only empty lines between the block before and this one. */
  readonly followsBlock: boolean
}

const opening = /^(?<indent>\s*)(?<fence>`{3,}|~{3,})(?<info>[^`]*)$/

/** Parses a page. Throws an Error, with page and line, for a block that is not closed. */
export function parsePage(path: string, text: string): Page {
  const lines = text.split(/\r?\n/)
  const blocks: Block[] = []
  const prose: string[] = []
  let followsBlock = false

  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const { indent, fence, info } = opening.exec(line)?.groups ?? {}
    if (indent === undefined || fence === undefined || info === undefined) {
      prose.push(line)
      followsBlock &&= line.trim() === ''
      continue
    }
    // As in CommonMark: closed by the same character, as often or more, with nothing else on the line.
    const closing = new RegExp(`^\\s*${fence[0]}{${fence.length},}\\s*$`)
    const end = lines.findIndex((other, index) => index > at && closing.test(other))
    if (end === -1) throw new Error(`${path}:${at + 1}: the block is not closed`)
    const code = lines.slice(at + 1, end).map((inside) => `${outdent(inside, indent.length)}\n`)
    blocks.push({ line: at + 1, info: info.trim(), code: code.join(''), followsBlock })
    followsBlock = true
    at = end
  }
  return { path, prose: prose.join('\n'), blocks }
}

/** Takes away the white space before a line, but no more than stands before the fence. */
function outdent(line: string, width: number): string {
  return line.slice(Math.min(width, line.search(/\S|$/)))
}

/** The relative links of a page that lead nowhere. `exists` knows the files, `pages` the headings of those that are pages. */
export function brokenLinks(
  { path, prose }: Page,
  pages: readonly Page[],
  exists: (path: string) => boolean,
): string[] {
  const text = prose.replaceAll(/(`+).+?\1/g, '')
  const links = Array.from(
    text.matchAll(/\]\(\s*<?([^\s)>]+)|^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)/gm),
    (match) => match[1] ?? match[2] ?? '',
  )
  return links.filter((link) => {
    if (/^[a-z]+:/i.test(link)) return false
    const [file = '', heading] = decodeURI(link).split('#')
    const target = file === '' ? path : posix.join(posix.dirname(path), file)
    if (target.startsWith('..') || !exists(target)) return true
    const page = pages.find((other) => other.path === target)
    return heading !== undefined && page !== undefined && !anchorsOf(page).includes(heading)
  })
}

/** What GitHub makes of headings: lower case, hyphens for spaces, no punctuation. */
function anchorsOf({ prose }: Page): string[] {
  return Array.from(prose.matchAll(/^#{1,6} +(.+)$/gm), ([, heading = '']) => {
    const words = heading.trim().toLowerCase()
    return words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-')
  })
}
