// Proves that pages are read as Markdown means them, and that their promises are recognised.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { brokenLinks, parsePage } from './pages.ts'
import { commandsOf, mistakesIn, programsOf } from './snippets.ts'

const page = (...lines: string[]) => parsePage('page.md', lines.join('\n'))

describe('blocks', () => {
  it('are found with their line, info string and code', () => {
    assert.deepEqual(page('# Title', '', '```ts no-run', 'a', '', 'b', '```', 'text').blocks, [
      { line: 3, info: 'ts no-run', code: 'a\n\nb\n', followsBlock: false },
    ])
  })

  it('may hold fences that are shorter, or of the other kind', () => {
    assert.equal(page('````text', '```ts', 'a', '```', '````').blocks[0]?.code, '```ts\na\n```\n')
    assert.equal(page('~~~text', '```', '~~~').blocks[0]?.code, '```\n')
  })

  it('lose the indentation of their fence, and no more', () => {
    assert.equal(
      page('1. First', '   ```ts', '   a {', '     b', '  }', '', '   ```').blocks[0]?.code,
      'a {\n  b\n}\n\n',
    )
  })

  it('are the same with CRLF', () => {
    const text = '```ts\r\na\r\n```\r\n'
    assert.deepEqual(parsePage('page.md', text).blocks, parsePage('page.md', text.replaceAll('\r', '')).blocks)
  })

  it('are not begun by code in a line', () => {
    assert.deepEqual(page('```a``` and `b`').blocks, [])
  })

  it('must be closed', () => {
    assert.throws(() => page('text', '```ts', 'a', '``', '```ts'), { message: 'page.md:2: the block is not closed' })
  })

  it('follow each other when only empty lines are between', () => {
    const fences = ['```', '```']
    assert.deepEqual(
      page(...fences, '', ...fences, 'prints', ...fences).blocks.map(({ followsBlock }) => followsBlock),
      [false, true, false],
    )
  })
})

describe('programs', () => {
  it('run unless the page says otherwise', () => {
    const programs = programsOf(page('```ts', '```', '```ts no-run', '```', '```ts signal=SIGTERM file=a.ts', '```'))
    assert.deepEqual(
      programs.map(({ place, file, runs, signal }) => ({ place, file, runs, signal })),
      [
        { place: 'page.md:1', file: 'line-1.ts', runs: true, signal: undefined },
        { place: 'page.md:3', file: 'line-3.ts', runs: false, signal: undefined },
        { place: 'page.md:5', file: 'a.ts', runs: true, signal: 'SIGTERM' },
      ],
    )
  })

  it('print the output that is directly below', () => {
    const output = ['```text output', '3', '```']
    assert.equal(programsOf(page('```ts', '```', '', ...output))[0]?.output?.code, '3\n')
    assert.equal(programsOf(page('```ts', '```', 'then', ...output))[0]?.output, undefined)
    assert.equal(programsOf(page('```ts', '```', '```text', '3', '```'))[0]?.output, undefined)
  })
})

describe('commands', () => {
  it('are those of ./dev', () => {
    const [commands] = commandsOf(page('```sh', './dev test && ./dev  unit a # ./dev', 'npm ci', '```'))
    assert.deepEqual(commands, { place: 'page.md:1', ofDev: ['test', 'unit'] })
    assert.deepEqual(commandsOf(page('```console', '$ npm ci', '```', '```text', './dev test', '```')), [])
  })
})

describe('mistakes', () => {
  it('are info strings that nobody knows', () => {
    for (const info of [
      '',
      'js',
      'typescript',
      'tsx',
      'ts run',
      'ts file=a',
      'ts signal=SIGKILL',
      'text out',
      'sh no-run',
    ])
      assert.match(mistakesIn(page(`\`\`\`${info}`, '```')).join(), /^page.md:1 ".*" is no info string/, info)
  })

  it('are outputs of nothing', () => {
    const output = ['```text output', '```']
    assert.deepEqual(mistakesIn(page(...output)), ['page.md:1 stands below no program that runs'])
    assert.deepEqual(mistakesIn(page('```ts no-run', '```', ...output)), [
      'page.md:3 stands below no program that runs',
    ])
    assert.deepEqual(mistakesIn(page('```ts', '```', ...output)), [])
  })

  it('are two programs of one name', () => {
    const mistakes = mistakesIn(page('```ts file=a.ts', '```', '```ts file=a.ts', '```'))
    assert.deepEqual(mistakes, ['page.md:3 is the second program of the name a.ts'])
  })

  it('are JSON that does not parse', () => {
    assert.deepEqual(mistakesIn(page('```json', '{ "a": 1 }', '```', '```json', '{ a: 1 }', '```')), [
      'page.md:4 does not parse',
    ])
  })
})

describe('links', () => {
  const guide = parsePage('docs/guide.md', '# The guide\n## `dev check`, in seconds')
  const broken = (prose: string) => {
    const pages = [guide, parsePage('docs/page.md', prose)] as const
    return brokenLinks(pages[1], pages, (path) => pages.some((known) => known.path === path))
  }

  it('that lead nowhere are found', () => {
    const links = [
      '(nowhere.md)',
      '(../guide.md)',
      '(../../guide.md)',
      '(guide.md#other)',
      '(#other)',
      '(<no where.md>)',
    ]
    for (const link of links) assert.equal(broken(`[a]${link}`).length, 1, link)
    assert.deepEqual(broken('[a]: nowhere.md "A"'), ['nowhere.md'])
  })

  it('that lead to files and headings are fine', () => {
    const links = [
      '(guide.md)',
      '(./guide.md "The guide")',
      '(../docs/guide.md#the-guide)',
      '(guide.md#dev-check-in-seconds)',
      '(https://nodejs.org)',
      '(mailto:a@b.c)',
    ]
    for (const link of links) assert.deepEqual(broken(`[a]${link}`), [], link)
  })

  it('in code are none', () => {
    assert.deepEqual(broken('`[a](nowhere.md)`\n```md\n[a](nowhere.md)\n```'), [])
  })
})
