// Holds the documentation to its word: every program on it compiles and runs, every command and every link exists.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { brokenLinks, parsePage } from './pages.ts'
import { commandsOf, mistakesIn, type Program, programsOf } from './snippets.ts'
import { compile, run } from './workshop.ts'

const root = join(import.meta.dirname, '../..')
const frontPages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
const paths = [...frontPages, ...globSync('docs/**/*.md', { cwd: root }).sort()]
const pages = paths.map((path) => parsePage(path, readFileSync(join(root, path), 'utf8')))
const programs = pages.flatMap(programsOf)
const complaints = await compile(programs)

describe('pages', () => {
  for (const page of pages) {
    it(`${page.path} has no block or link that promises something false`, () => {
      const broken = brokenLinks(page, pages, (path) => existsSync(join(root, path)))
      assert.deepEqual([...mistakesIn(page), ...broken.map((link) => `${page.path} links to ${link}`)], [])
    })
  }
})

describe('programs', { concurrency: 2 }, () => {
  for (const program of programs) {
    it(`${program.place} ${claim(program)}`, async () => {
      assert.equal(complaintsAbout(program), '')
      if (!program.runs) return
      const { by, stayedUp, stdout, stderr } = await run(program)
      assert.equal(by, 0, `ended with ${by}\n${stdout}${stderr}`)
      assert.equal(stayedUp, program.signal !== undefined, `ended before ${program.signal} came`)
      if (program.output !== undefined) assert.equal(stdout.trimEnd(), program.output.code.trimEnd())
    })
  }

  it('need nothing that does not compile', () => assert.equal(complaintsAbout(undefined), ''))
})

describe('commands', () => {
  for (const { place, ofDev } of pages.flatMap(commandsOf)) {
    it(`${place} names commands that ./dev has`, async () => {
      const { stdout } = await promisify(execFile)(join(root, 'dev'), ['--help'])
      const known = Array.from(stdout.matchAll(/^ +([a-z]\S*) {2,}/gm), ([, name]) => name)
      assert.deepEqual(
        ofDev.filter((name) => !known.includes(name)),
        [],
      )
    })
  }
})

function complaintsAbout(program: Program | undefined): string {
  const about = complaints.filter((complaint) => complaint.program === program)
  return about.map(({ text }) => text).join('\n')
}

function claim({ runs, signal, output }: Program): string {
  if (!runs) return 'compiles'
  const ends = signal === undefined ? 'runs' : `runs until ${signal}`
  return output === undefined ? `compiles and ${ends}` : `compiles, ${ends} and prints what the page says`
}
