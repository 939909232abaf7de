// Reads what the blocks of a page promise: programs that compile and run, what they print, and commands that exist.
import type { Block, Page } from './pages.ts'

/** A `ts` block: a whole program, which imports what it needs. */
export interface Program {
  /** Where its fence is: `README.md:12`. */
  readonly place: string
  readonly page: string
  readonly line: number
  /** Its name for the other programs of the page, which can import it. */
  readonly file: string
  readonly code: string
  readonly runs: boolean
  /** What ends it after its first line of output; undefined where it ends by itself. */
  readonly signal: 'SIGINT' | 'SIGTERM' | undefined
  /** All that it prints; undefined where the page does not say. */
  readonly output: Block | undefined
}

/** A `sh` or `console` block, with the commands of `./dev` that it names. */
export interface Commands {
  readonly place: string
  readonly ofDev: readonly string[]
}

/**
 * Every info string there is, and what it promises:
 *
 * - `ts` compiles and, unless it says `no-run`, exits with 0: by itself, or on the `signal` that follows its first line of
 *   output. With `file=service.ts` the other programs of the page can import `./service.ts`.
 * - `text output`, directly below a program that runs, is all that this program prints. `text` promises nothing.
 * - `json` parses. `sh` and `console` name no command of `./dev` that does not exist.
 */
const promises =
  /^(?:ts(?:(?<noRun> no-run)| signal=(?<signal>SIGINT|SIGTERM))?(?: file=(?<file>[a-z\d-]+\.ts))?|text(?: output)?|json|sh|console)$/

/** The programs of a page. */
export function programsOf({ path: page, blocks }: Page): Program[] {
  return blocks.flatMap(({ line, code, ...block }, index) => {
    if (!/^ts(?: |$)/.test(block.info)) return []
    const { noRun, signal, file = `line-${line}.ts` } = promises.exec(block.info)?.groups ?? {}
    const below = blocks[index + 1]
    const output = below?.followsBlock && below.info === 'text output' ? below : undefined
    const runs = noRun === undefined
    return [{ place: `${page}:${line}`, page, line, file, code, runs, signal: signal as Program['signal'], output }]
  })
}

/** The commands that a page tells its readers to give. */
export function commandsOf({ path, blocks }: Page): Commands[] {
  return blocks
    .filter((block) => block.info === 'sh' || block.info === 'console')
    .map(({ line, code }) => ({
      place: `${path}:${line}`,
      ofDev: Array.from(code.matchAll(/\.\/dev +([a-z][\w-]*)/g), ([, name = '']) => name),
    }))
    .filter(({ ofDev }) => ofDev.length > 0)
}

/** What is wrong with the blocks of a page before anything is run. */
export function mistakesIn(page: Page): string[] {
  const programs = programsOf(page)
  return page.blocks.flatMap((block) => {
    const mistake = mistakeIn(block, programs)
    return mistake === undefined ? [] : [`${page.path}:${block.line} ${mistake}`]
  })
}

function mistakeIn(block: Block, programs: readonly Program[]): string | undefined {
  if (!promises.test(block.info)) return `"${block.info}" is no info string of test/docs/snippets.ts`
  if (block.info === 'json') return parses(block.code) ? undefined : 'does not parse'
  if (block.info === 'text output')
    return programs.some(({ runs, output }) => runs && output === block)
      ? undefined
      : 'stands below no program that runs'
  const own = programs.find(({ line }) => line === block.line)
  const isTwin = own !== undefined && programs.some(({ file, line }) => file === own.file && line < own.line)
  return isTwin ? `is the second program of the name ${own.file}` : undefined
}

function parses(json: string): boolean {
  try {
    JSON.parse(json)
    return true
  } catch {
    return false
  }
}
