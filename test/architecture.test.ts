// Keeps the plan of the house true: reads every source, and proves each rule by what it catches and what it lets pass.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { transformSync } from 'esbuild'
import { comments } from './architecture/comments.ts'
import { cycles } from './architecture/cycles.ts'
import { floors } from './architecture/floors.ts'
import { lex } from './architecture/lex.ts'
import { namedForTheirTheme, names } from './architecture/names.ts'
import { doorsOf, packageDoors } from './architecture/package-doors.ts'
import { runtime } from './architecture/runtime.ts'
import { adapterSizes, medianLines, sizes } from './architecture/sizes.ts'
import { parse, readSources, type Source, type Violation } from './architecture/sources.ts'
import { doors as doorsToTime, time } from './architecture/time.ts'
import { tree, untested } from './architecture/tree.ts'

const root = `${import.meta.dirname}/..`
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8')
const house = readSources(root, 'src')
const decisions = globSync('docs/decisions/*.md', { cwd: root }).map(read)
const doors = doorsOf(JSON.parse(read('package.json')))

/** Sources in memory: the text of each by its path. */
function sources(files: Readonly<Record<string, string>>): Source[] {
  return Object.entries(files).map(([path, text]) => parse(path, text))
}

/** What a rule says of one line of code at a path; empty when it lets that pass. */
function said(rule: (sources: Source[]) => Violation[], path: string, code: string): string {
  return rule(sources({ [path]: code }))
    .map(({ message }) => message)
    .join('\n')
}

function holds(violations: readonly Violation[]): void {
  const list = violations.map(({ file, line, message }) => `${file}:${line} ${message}`)
  assert.ok(list.length === 0, `\n${list.join('\n')}`)
}

describe('sources', () => {
  const codeOf = (text: string) => lex(text).code

  it('are there', () => assert.ok(house.some(({ path }) => path === 'src/core/context.ts')))

  it('leaves code that is still TypeScript, with every offset where it was', () => {
    for (const { path, text, code } of house) {
      assert.equal(code.length, text.length)
      assert.equal(code.split('\n').length, text.split('\n').length)
      transformSync(code, { loader: 'ts', sourcefile: path, logLevel: 'silent' })
    }
  })

  it('blanks comments, and joins line comments that follow each other', () => {
    const { code, comments } = lex('a // one\n// two\n/* three */ b')
    assert.equal(code, 'a       \n      \n            b')
    assert.deepEqual(
      comments.map(({ text }) => text),
      ['// one\n// two', '/* three */'],
    )
  })

  it('blanks strings, with what is escaped in them', () => {
    assert.equal(codeOf(String.raw`f('it\'s // no', "/* x */")`), `f('           ', "       ")`)
  })

  it('blanks templates and keeps the code of their placeholders, however deep', () => {
    const code = (template: string) => codeOf(template.replaceAll('#', '$'))
    assert.equal(code('`a #{b({ c: `d #{e}` })} f` + g').replaceAll('$', '#'), '`  #{b({ c: `  #{e}` })}  ` + g')
    assert.equal(code('`\\` \\#{ # /*` + a'), '`           ` + a')
  })

  it('tells regular expressions from division', () => {
    assert.equal(codeOf(String.raw`x = /['"/]\//.test(y)`), 'x = /       /.test(y)')
    assert.equal(codeOf('a.replace(/b"/gi, c)'), 'a.replace(/    /, c)')
    assert.equal(codeOf('return /"/ // why'), 'return / /       ')
    assert.equal(codeOf('a / b / c'), 'a / b / c')
    assert.equal(codeOf('f(a) / 2 // half'), 'f(a) / 2        ')
    assert.equal(codeOf("i++ / 2 + '/'"), "i++ / 2 + ' '")
  })

  it('finds every way to import, and no other', () => {
    const { imports } = parse(
      'src/core/a.ts',
      `import b from './b.ts'
import type { C } from "../primitives/c.ts"
import {
  d,
} from 'd'
export * from './e.ts'
export type { F } from './f.ts'
import './g.ts'
const h = await import('./h.ts')
type I = import('./i.ts').I
// import j from './j.ts'
const k = "import k from './k.ts'", l = Array.from('l')
`,
    )
    assert.deepEqual(
      imports.map(({ target, specifier }) => target ?? specifier),
      [
        'src/core/b.ts',
        'src/primitives/c.ts',
        'd',
        'src/core/e.ts',
        'src/core/f.ts',
        'src/core/g.ts',
        'src/core/h.ts',
        'src/core/i.ts',
      ],
    )
  })

  it('finds every way to export', () => {
    const { exports } = parse(
      'src/core/a.ts',
      `export async function* a() {}
export abstract class B {}
export interface C {}
export type D<T> = T
export const e: number = 1
export { type F, g as h } from './f.ts'
export type { I } from './i.ts'
const notExported = 'export const x'
`,
    )
    assert.deepEqual(
      exports.map(({ kind, name }) => `${kind} ${name}`),
      ['function a', 'class B', 'interface C', 'type D', 'const e', 'list F', 'list h', 'list I'],
    )
  })
})

describe('floors', () => {
  const floor = (path: string, specifier: string) => said(floors, path, `import type { X } from '${specifier}'`)

  it('refuses an import that goes up a floor', () => {
    assert.match(floor('src/primitives/a.ts', '../core/b.ts'), /goes up from floor 0 to 1/)
    assert.match(floor('src/core/a.ts', '../log/b.ts'), /goes up from floor 1 to 2/)
    assert.match(floor('src/log/a.ts', './pino/b.ts'), /goes up from floor 2 to 3/)
    assert.match(floor('src/transport/a.ts', '../platform/b.ts'), /goes up from floor 2 to 3/)
    assert.match(floor('src/platform/a.ts', '../presets/b.ts'), /goes up from floor 3 to 4/)
  })

  it('refuses an import that goes sideways', () => {
    assert.match(floor('src/log/a.ts', '../metrics/b.ts'), /goes sideways from log to metrics/)
    assert.match(floor('src/log/pino/a.ts', '../../metrics/b.ts'), /goes sideways/)
    assert.match(floor('src/log/pino/a.ts', '../json/b.ts'), /goes sideways from log\/pino to log\/json/)
    assert.match(floor('src/platform/a.ts', '../transport/b.ts'), /goes sideways/)
    assert.match(floor('src/presets/a.ts', '../admin/b.ts'), /goes sideways from presets to admin/)
    assert.match(floor('src/cli/a.ts', '../testing/b.ts'), /goes sideways/)
  })

  it('lets pass an import that goes down, or stays in its room', () => {
    assert.equal(floor('src/primitives/a.ts', './b.ts'), '')
    assert.equal(floor('src/core/a.ts', '../primitives/b.ts'), '')
    assert.equal(floor('src/log/a.ts', './b.ts'), '')
    assert.equal(floor('src/log/pino/a.ts', '../b.ts'), '')
    assert.equal(floor('src/log/pino/a.ts', '../../platform/b.ts'), '')
    assert.equal(floor('src/presets/a.ts', '../log/pino/b.ts'), '')
    assert.equal(floor('src/testing/conformance/a.ts', '../b.ts'), '')
    assert.equal(floor('src/testing/a.ts', '../presets/b.ts'), '')
  })

  it('lets a technology stand on another one only where the list says so', () => {
    assert.equal(floor('src/transport/jsonrpc/a.ts', '../http/b.ts'), '')
    assert.match(floor('src/transport/http/a.ts', '../jsonrpc/b.ts'), /goes sideways/)
  })

  it('keeps the front door for users, and core/ alone behind it', () => {
    assert.equal(floor('src/index.ts', './core/a.ts'), '')
    assert.match(floor('src/index.ts', './primitives/a.ts'), /is not core/)
    assert.match(floor('src/index.ts', './log/a.ts'), /is not core/)
    assert.match(floor('src/presets/a.ts', '../index.ts'), /is the front door/)
  })

  it('refuses paths out of the house, and the package by its own name', () => {
    assert.match(floor('src/core/a.ts', '../../test/b.ts'), /leads out of the house/)
    assert.match(floor('src/presets/a.ts', 'servicekit/core'), /is this package/)
  })

  it('refuses packages that are not listed, and below floor 3 all of them', () => {
    assert.match(floor('src/core/a.ts', 'zod'), /floor 1 depends on nothing/)
    assert.match(floor('src/log/a.ts', '#choice'), /floor 2 depends on nothing/)
    assert.match(floor('src/log/pino/a.ts', 'pino'), /is a package that is not listed/)
    assert.equal(floor('src/log/pino/a.ts', '#choice'), '')
  })

  it('refuses an import() that it cannot read, below floor 4', () => {
    assert.match(said(floors, 'src/log/pino/a.ts', 'await import(name)'), /computed path/)
    assert.equal(said(floors, 'src/cli/a.ts', 'await import(name)'), '')
    assert.equal(said(floors, 'src/log/pino/a.ts', "await import('../b.ts')"), '')
  })

  it('exempts tests', () => {
    assert.equal(floor('src/core/a.test.ts', '../testing/b.ts'), '')
  })

  it('holds in src/', () => holds(floors(house)))
})

describe('tree', () => {
  const placed = (path: string) => said(tree, path, 'export interface A {}')

  it('refuses what the plan does not have', () => {
    assert.match(placed('src/queues/a.ts'), /is in queues\/, which is not in .*plan.ts/)
    assert.match(placed('src/log/bunyan/a.ts'), /is in log\/bunyan\/, which is not in .*plan.ts/)
    assert.match(placed('src/core/inner/a.ts'), /is in core\/inner\/, which is not in .*plan.ts/)
    assert.match(placed('src/log/pino/inner/a.ts'), /a folder too deep/)
    assert.match(placed('src/a.ts'), /lies at the front door/)
    assert.match(placed('src/core/a.js'), /is no TypeScript/)
  })

  it('lets pass what the plan has', () => {
    for (const path of [
      'src/index.ts',
      'src/core/a.ts',
      'src/log/a.ts',
      'src/log/pino/a.ts',
      'src/testing/conformance/a.ts',
    ])
      assert.equal(placed(path), '')
  })

  it('wants a test beside each file that does something', () => {
    assert.match(said(tree, 'src/core/a.ts', 'export const a = 1'), /write src\/core\/a.test.ts/)
    assert.deepEqual(tree(sources({ 'src/core/a.ts': 'export const a = 1', 'src/core/a.test.ts': '' })), [])
  })

  it('wants none for types, for doors that only pass on, and for conformance suites', () => {
    const types =
      "import { type B } from './b.ts'\nexport interface A extends B { a(): 'a' }\nexport type C = A | { c: 1 }"
    assert.equal(said(tree, 'src/core/a.ts', types), '')
    assert.equal(
      said(tree, 'src/core/a.ts', "import { b } from './b.ts'\nexport { b }\nexport {\n  c,\n  d,\n} from './c.ts'"),
      '',
    )
    assert.equal(said(tree, 'src/core/a.ts', "export * from './b.ts'\nexport type { C } from './c.ts'"), '')
    assert.equal(said(tree, 'src/testing/conformance/a.ts', 'export const a = 1'), '')
  })

  it('holds in src/', () => holds(tree(house)))
})

describe('runtime', () => {
  it("refuses Node's modules below floor 3", () => {
    assert.match(said(runtime, 'src/core/a.ts', "import { join } from 'node:path'"), /node:path is only in Node/)
    assert.match(said(runtime, 'src/log/a.ts', "import type { X } from 'fs/promises'"), /fs\/promises is only in Node/)
    assert.equal(said(runtime, 'src/log/pino/a.ts', "import { join } from 'node:path'"), '')
    assert.equal(said(runtime, 'src/core/a.test.ts', "import { it } from 'node:test'"), '')
  })

  it("refuses Node's globals below floor 3", () => {
    for (const code of [
      'process.exit()',
      'f(...process.argv)',
      'globalThis.process',
      'x as Buffer',
      "require('x')",
      'setImmediate(f)',
    ])
      assert.match(said(runtime, 'src/core/a.ts', code), /is only in Node/, code)
    assert.equal(said(runtime, 'src/platform/a.ts', 'process.exit()'), '')
  })

  it('lets pass what only looks like them', () => {
    for (const code of [
      'order.process()',
      'process(order)',
      '{ module: 1 }',
      'readonly global?: string',
      'preprocess.run()',
      "'process.exit()' // Buffer",
    ])
      assert.equal(said(runtime, 'src/core/a.ts', code), '', code)
  })

  it('lets pass what every runtime has', () => {
    assert.equal(
      said(
        runtime,
        'src/core/a.ts',
        'structuredClone(new URL(crypto.randomUUID()), queueMicrotask, new TextEncoder())',
      ),
      '',
    )
  })

  it('holds in src/', () => holds(runtime(house)))
})

describe('time', () => {
  it('refuses clocks, timers and chance', () => {
    for (const code of [
      'Date.now()',
      'new Date()',
      'performance.now.bind(performance)',
      'globalThis.setTimeout(f)',
      'clearInterval(x)',
      'AbortSignal.timeout(5)',
      'const random = Math.random',
      'crypto.randomUUID()',
      "import { setTimeout as sleep } from 'node:timers/promises'",
    ])
      assert.match(said(time, 'src/log/pino/a.ts', code), /is time or chance itself/, code)
  })

  it('lets pass what reads none of them', () => {
    for (const code of [
      'new Date(at).toISOString()',
      'Date.UTC(2026, 0, 1)',
      'at: Date',
      'clock.setTimeout(f)',
      'Math.round(x)',
      'random()',
    ])
      assert.equal(said(time, 'src/log/pino/a.ts', code), '', code)
  })

  it('lets the doors use what is theirs, and no more', () => {
    assert.equal(said(time, 'src/core/clock.ts', 'setTimeout(f, performance.now())'), '')
    assert.match(said(time, 'src/core/clock.ts', 'Math.random()'), /Math\.random is time or chance itself/)
  })

  it('refuses tests that really wait', () => {
    assert.match(said(time, 'src/core/a.test.ts', 'setTimeout(f, 10)'), /setTimeout is real time/)
    assert.match(said(time, 'src/core/a.test.ts', "import 'node:timers/promises'"), /is real time/)
    assert.equal(said(time, 'src/core/a.test.ts', 'setImmediate(f, performance.now())'), '')
    assert.equal(said(time, 'src/core/clock.test.ts', 'setTimeout(f, 10)'), '')
  })

  it('holds in src/', () => holds(time(house)))
})

describe('cycles', () => {
  it('refuses a circle, and prints it', () => {
    const circle = sources({
      'src/core/a.ts': "import './b.ts'",
      'src/core/b.ts': "\nimport type { C } from './c.ts'",
      'src/core/c.ts': "export * from './b.ts'",
    })
    assert.deepEqual(cycles(circle), [
      {
        file: 'src/core/c.ts',
        line: 1,
        message:
          'closes a circle: src/core/b.ts → src/core/c.ts → src/core/b.ts. Move what they share into a file of its own',
      },
    ])
  })

  it('refuses a file that imports itself', () => {
    assert.match(said(cycles, 'src/core/a.ts', "import './a.ts'"), /src\/core\/a.ts → src\/core\/a.ts/)
  })

  it('lets pass two ways to one file', () => {
    const diamond = {
      'src/a.ts': "import './b.ts'\nimport './c.ts'",
      'src/b.ts': "import './d.ts'",
      'src/c.ts': "import './d.ts'",
      'src/d.ts': '',
    }
    assert.deepEqual(cycles(sources(diamond)), [])
  })

  it('holds in src/', () => holds(cycles(house)))
})

describe('sizes', () => {
  const lines = (count: number) => 'x\n'.repeat(count)
  const sized = (count: number, decisions: string[] = []) =>
    sizes(sources({ 'src/core/a.ts': lines(count), 'src/core/b.ts': '', 'src/core/c.ts': '' }), decisions)

  it('refuses a source above 300 lines that no decision names', () => {
    assert.match(sized(301)[0]?.message ?? '', /has 301 lines/)
    assert.deepEqual(sized(301, ['`src/core/a.ts` is long because …']), [])
    assert.deepEqual(sized(300), [])
  })

  it('refuses a median above 100 lines, tests not counted', () => {
    const two = { 'src/core/a.ts': lines(100), 'src/core/b.ts': lines(101), 'src/core/b.test.ts': '' }
    assert.match(sizes(sources(two), [])[0]?.message ?? '', /the median source has 100\.5 lines/)
    assert.deepEqual(sizes(sources({ ...two, 'src/core/c.ts': '' }), []), [])
  })

  it('refuses an adapter whose median is above 80 lines', () => {
    const adapter = (role: string, ...counts: number[]) =>
      adapterSizes(
        sources(Object.fromEntries(counts.map((count, at) => [`src/${role}/x/${at}.ts`, lines(count)] as const))),
      ).map(({ file, message }) => `${file} ${message}`)
    assert.match(adapter('discovery', 81, 81, 10)[0] ?? '', /^src\/discovery\/x\/ the median source has 81 lines/)
    assert.deepEqual(adapter('discovery', 80, 300, 10), [])
    assert.deepEqual(adapter('discovery', 81, 81), [])
    assert.deepEqual(adapter('transport', 81, 81, 81), [])
  })

  it('holds in src/', (t) => {
    t.diagnostic(`the median source has ${medianLines(house)} lines`)
    holds(sizes(house, decisions))
    holds(adapterSizes(house))
  })
})

describe('names', () => {
  it('wants kebab-case for files and folders', () => {
    assert.match(said(names, 'src/core/retryBudget.ts', ''), /retryBudget is not in kebab-case/)
    assert.match(said(names, 'src/core/Retry.test.ts', ''), /Retry.test is not in kebab-case/)
    assert.equal(said(names, 'src/core/w3c-2.test.ts', ''), '')
  })

  it('refuses files and folders whose names say nothing', () => {
    for (const path of ['src/core/utils.ts', 'src/helpers/a.ts', 'src/common/a.test.ts', 'src/log/misc.test.ts'])
      assert.match(said(names, path, ''), /says nothing/)
    assert.equal(said(names, 'src/core/utility-function.ts', ''), '')
  })

  it('wants a file named for one of its exports', () => {
    assert.match(
      said(names, 'src/core/budget.ts', 'export const retry = 1'),
      /is named for none of its exports \(retry\)/,
    )
    assert.match(said(names, 'src/core/rate.ts', 'export const generate = 1'), /is named for none/)
    assert.equal(said(names, 'src/core/retry-budget.ts', 'export class RetryBudget {}'), '')
    assert.equal(said(names, 'src/core/errors.ts', 'export class ServiceError {}'), '')
    assert.equal(said(names, 'src/health/http/http-status.ts', 'export function toHTTPStatus() {}'), '')
    assert.equal(said(names, 'src/index.ts', "export { retry } from './resilience/retry.ts'"), '')
  })

  it('refuses prefixes and suffixes that carry no meaning', () => {
    for (const code of [
      'interface ISink {}',
      'class BaseSink {}',
      'class AbstractSink {}',
      'class SinkImpl {}',
      'class SinkManager {}',
      'const sinkHelper = 1',
      'function createSink() {}',
      'const newSink = 1',
    ])
      assert.notEqual(said(names, 'src/log/sink.ts', `export ${code}`), '', code)
    for (const code of [
      'interface IPSink {}',
      'interface InstanceSink {}',
      'class BaselineSink {}',
      'function makerSink() {}',
      'const newestSink = 1',
      'class ImplicitSink {}',
    ])
      assert.equal(said(names, 'src/log/sink.ts', `export ${code}`), '', code)
  })

  it('wants the unit in the name of a number', () => {
    for (const code of [
      'timeout: number',
      'readonly retryDelay?: number | undefined',
      'ttl: number',
      'startTime: number',
      'maxBytesTotal: number',
      'bodyLimit: number',
    ])
      assert.match(said(names, 'src/core/a.ts', `export interface A { ${code} }`), /is a number and sounds like/, code)
    for (const code of [
      'timeoutMs: number',
      'timeout(): number',
      'delays: readonly number[]',
      'timeout: Timeout',
      'times: number',
      'delayRatio: number',
      'maxBodyBytes: number',
      'size: number',
      'bytesPerSecond: number',
    ])
      assert.equal(said(names, 'src/core/a.ts', `export interface A { ${code} }`), '', code)
  })

  it('holds in src/', () => holds(names(house)))
})

describe('comments', () => {
  it('wants a sentence on top', () => {
    for (const code of ['const a = 1', '// a', 'const a = 1 // Says what a is.', '// No full stop'])
      assert.match(said(comments, 'src/core/a.ts', code), /does not open with a sentence/, code)
    assert.equal(said(comments, 'src/core/a.ts', '// What this is, and why\n// it is separate.\nconst a = 1'), '')
    assert.equal(said(comments, 'src/cli/a.ts', '#!/usr/bin/env node\n// What this is.\nconst a = 1'), '')
  })

  it('wants a doc comment right above each declaration that is exported', () => {
    const about = (code: string) => said(comments, 'src/core/a.ts', `// What this is.\n${code}`)
    for (const code of [
      'export const a = 1',
      '/** A. */\n\nexport const a = 1',
      '// A.\nexport const a = 1',
      '/** A. */\nconst b = 1\nexport const a = b',
    ])
      assert.match(about(code), /a has no doc comment/, code)
    for (const code of [
      '/** A. */\nexport const a = 1',
      '/** A. */\n// biome-ignore x\nexport const a = 1',
      '/** A. */\nexport function a(x: 1): 1\nexport function a(x: 2): 2',
      "export { a } from './b.ts'",
    ])
      assert.equal(about(code), '', code)
  })

  it('refuses banners and promises', () => {
    for (const text of ['// ---- Parts', '// Parts ====', '/*************\n * Parts\n */'])
      assert.match(said(comments, 'src/core/a.test.ts', text), /is a banner/, text)
    assert.match(said(comments, 'src/core/a.test.ts', '// TODO: later'), /TODO: do it now/)
    assert.equal(said(comments, 'src/core/a.test.ts', '// a --> b === c, todo lists, | --- |'), '')
    assert.equal(said(comments, 'src/core/a.test.ts', "'// TODO ----'"), '')
  })

  it('holds in src/', () => holds(comments(house)))
})

describe('doors of the package', () => {
  const files = sources({
    'src/index.ts': '',
    'src/resilience/retry.ts': '',
    'src/transport/memory/server.ts': '',
    'src/primitives/ewma.ts': '',
    'src/platform/signals.ts': '',
    'src/platform/socket.ts': '',
  })
  const door = (name: string, target: unknown) =>
    packageDoors(files, doorsOf({ exports: { [name]: target } }))
      .map(({ message }) => message)
      .join()

  it('refuses doors into nothing, into private rooms and under false names', () => {
    assert.match(door('./log', './src/log/index.ts'), /leads to src\/log\/index.ts, which does not exist/)
    assert.match(door('./primitives/ewma', './src/primitives/ewma.ts'), /is private/)
    assert.match(door('./platform/socket', './src/platform/socket.ts'), /is private/)
    assert.match(door('./retry', './src/resilience/retry.ts'), /the import path is the folder path/)
    assert.match(door('./resilience/*', './src/resilience/*.ts'), /must be one file/)
    assert.match(door('.', { node: './src/index.ts' }), /must be a plain path/)
  })

  it('lets pass doors that lead where their names say', () => {
    assert.equal(door('.', './src/index.ts'), '')
    assert.equal(door('./resilience/retry', './src/resilience/retry.ts'), '')
    assert.equal(door('./transport/memory', './src/transport/memory/server.ts'), '')
    assert.equal(door('./platform/signals', './src/platform/signals.ts'), '')
    assert.equal(door('./package.json', './package.json'), '')
  })

  it('holds in package.json', () => holds(packageDoors(house, doors)))
})

it('exempts only files that exist', () => {
  const exempt = [...Object.keys(untested), ...Object.keys(doorsToTime), ...Object.keys(namedForTheirTheme)]
  assert.deepEqual(
    exempt.filter((path) => !existsSync(`${root}/${path}`)),
    [],
  )
})
