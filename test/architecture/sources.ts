// Reads sources into what the rules look at, so that no rule has to know how TypeScript is written.
import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { type Comment, lex } from './lex.ts'

/** One file of the house. */
export interface Source {
  /** From the root of the repository, with slashes: `src/core/clock.ts`. */
  readonly path: string
  readonly text: string
  /** The text with blanks for comments and for the contents of literals: every offset and line stays what it was. */
  readonly code: string
  readonly comments: readonly Comment[]
  readonly imports: readonly Import[]
  readonly exports: readonly Export[]
}

/** Whatever makes one file need another: `import`, `import type`, `export … from`, `import()`. */
export interface Import {
  readonly specifier: string
  /** The file it leads to; undefined for a package, a built-in module and whatever else is no path. */
  readonly target: string | undefined
  readonly offset: number
}

/** A name that a file gives to others. */
export interface Export {
  readonly name: string
  /** `list` for `export { name }`, with or without `from`. */
  readonly kind: 'function' | 'class' | 'interface' | 'type' | 'const' | 'list'
  readonly offset: number
}

/** What is wrong, where, and what to do about it. */
export interface Violation {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** Reads every file below a folder of the repository. */
export function readSources(root: string, folder: string): Source[] {
  const paths = globSync(`${folder}/**/*.*`, { cwd: root }).map((path) => path.replaceAll('\\', '/'))
  return paths.sort().map((path) => parse(path, readFileSync(`${root}/${path}`, 'utf8')))
}

/** The model of one file; text that is no TypeScript gives a poor model, and no error. */
export function parse(path: string, text: string): Source {
  const { code, comments } = lex(text)
  return { path, text, code, comments, imports: importsOf(path, text, code), exports: exportsOf(code) }
}

/** Whether a file is a test; what it tests stands beside it. */
export function isTest({ path }: Source): boolean {
  return path.endsWith('.test.ts')
}

/** How many lines a source has. */
export function linesOf({ text }: Source): number {
  return lineAt(text, text.length - 1)
}

/** Says that something is wrong at an offset, or with the file as a whole. */
export function violation({ path, text }: Source, message: string, offset = 0): Violation {
  return { file: path, line: lineAt(text, offset), message }
}

/** Every place where the code, not the prose, matches; the name is what matched, without white space. */
export function usesOf({ code }: Source, pattern: RegExp): { readonly name: string; readonly offset: number }[] {
  return Array.from(code.matchAll(pattern), ({ 0: found, index }) => ({
    name: found.replaceAll(/\s/g, ''),
    offset: index,
  }))
}

/** Matches names that are used as variables, with or without `globalThis.`: no members of something, no keys. */
export function variables(...names: readonly string[]): RegExp {
  return new RegExp(`(?<![\\w$#]|[^.]\\.)(?:globalThis\\s*\\.\\s*)?(?:${names.join('|')})(?![\\w$]|\\s*\\??:)`, 'g')
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, Math.max(0, offset)).split('\n').length
}

function importsOf(path: string, text: string, code: string): Import[] {
  // The blanks of the literal are as long as the specifier, so both have the same offsets.
  return Array.from(code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)(?:'( *)'|"( *)")/g), (match) => {
    const end = match.index + match[0].length - 1
    const specifier = text.slice(end - (match[1] ?? match[2] ?? '').length, end)
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
    return { specifier, target, offset: match.index }
  })
}

function exportsOf(code: string): Export[] {
  const declaration =
    /^export (?:declare |abstract |async )*(function|class|interface|type|const)\b\*? *(?!from\b)([\w$]+)/gm
  const declared = Array.from(code.matchAll(declaration), (match) => ({
    name: match[2] ?? '',
    kind: match[1] as Export['kind'],
    offset: match.index,
  }))
  const listed = Array.from(code.matchAll(/^export (?:type )?\{([^}]*)\}/gm), ({ 1: names = '', index }) =>
    Array.from(names.matchAll(/([\w$]+)\s*(?:,|$)/g), ({ 1: name = '' }) => ({
      name,
      kind: 'list' as const,
      offset: index,
    })),
  )
  return [...declared, ...listed.flat()]
}
