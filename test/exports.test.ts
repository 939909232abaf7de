// Opens every door of the package as a user would, and proves that each brings its own floor and nothing from above it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { doorsOf } from './architecture/package-doors.ts'
import { placeOf } from './architecture/plan.ts'
import { readSources, type Source } from './architecture/sources.ts'

const root = `${import.meta.dirname}/..`
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
const doors = doorsOf(manifest).map(({ name, path }) => ({ specifier: name.replace('.', 'servicekit'), path }))
const sources = new Map(readSources(root, 'src').map((source) => [source.path, source]))
/** The files that each choice by runtime chooses from. */
const choices = new Map(
  Object.entries<Readonly<Record<string, string>>>(manifest.imports).map(([name, targets]) => [
    name,
    Object.values(targets).map((target) => target.replace('./', '')),
  ]),
)
const coreBudgetBytes = 10 * 1024

/** What a door showed when it was opened. */
interface Opened {
  /** The names of its exports, or why it did not open. */
  readonly exported: readonly string[] | string
  /** Timers and handles that were not there before. */
  readonly started: readonly string[]
}

// In a process of its own, which should end by itself: nothing else in it could hold it.
const opener = `
  // Some modules of Node only touch the standard streams, which makes them: they shall not count.
  void [process.stdout, process.stderr]
  const opened = {}
  for (const specifier of ${JSON.stringify(doors.map(({ specifier }) => specifier))}) {
    const before = process.getActiveResourcesInfo()
    const exported = await import(specifier).then(Object.keys, String)
    opened[specifier] = { exported, started: process.getActiveResourcesInfo().slice(before.length) }
  }
  console.log(JSON.stringify(opened))`
const opening = spawnSync(process.execPath, ['--input-type=module', '--eval', opener], {
  cwd: root,
  encoding: 'utf8',
  timeout: 10_000,
})

/** A file and all that it needs, by whatever way; types count. */
function closure(path: string, found = new Set<Source>()): Set<Source> {
  const source = sources.get(path)
  if (source === undefined || found.has(source)) return found
  found.add(source)
  for (const { target, specifier } of source.imports) {
    if (target !== undefined) closure(target, found)
    for (const chosen of choices.get(specifier) ?? []) closure(chosen, found)
  }
  return found
}

function floorOf(path: string): number {
  return placeOf(path)?.floor ?? 0
}

describe('the doors', () => {
  it('have the core in front', () => assert.ok(doors.some(({ specifier }) => specifier === 'servicekit')))

  it('leave the process that opens them free to end, and print nothing', () => {
    const { status, signal, stdout, stderr } = opening
    assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr)
    assert.equal(stdout.trim().split('\n').length, 1, stdout)
  })
})

describe('the choices by runtime', () => {
  for (const [name, targets] of choices) {
    it(`are, for ${name}, between files that export the same names`, async () => {
      const exported = await Promise.all(targets.map(async (target) => Object.keys(await import(`../${target}`))))
      const shared = exported.reduce((names, other) => names.filter((one) => other.includes(one)))
      const used = [...sources.values()].flatMap(({ text }) =>
        [...text.matchAll(new RegExp(`import \\{([^}]*)\\} from '${name}'`, 'g'))].flatMap(([, names = '']) =>
          names.split(',').map((one) => one.trim()),
        ),
      )
      assert.notEqual(used.length, 0)
      assert.deepEqual(
        used.filter((one) => !shared.includes(one)),
        [],
      )
    })
  }
})

for (const { specifier, path } of doors) {
  const needed = [...closure(path)]

  describe(specifier, () => {
    it('opens, has something behind it, and starts nothing', () => {
      const opened: Readonly<Record<string, Opened>> = JSON.parse(opening.stdout)
      const { exported = 'it was not opened', started } = opened[specifier] ?? {}
      assert.ok(typeof exported !== 'string', String(exported))
      // A file of types exports nothing that runs.
      assert.notEqual(exported.length + (sources.get(path)?.exports.length ?? 0), 0)
      assert.deepEqual(started, [])
    })

    it('brings nothing from above its floor', () => {
      const above = needed.map((source) => source.path).filter((other) => floorOf(other) > floorOf(path))
      assert.deepEqual(above, [])
    })

    if (floorOf(path) > 2) return
    it('brings neither Node nor a package', () => {
      const foreign = needed.flatMap((source) =>
        source.imports
          .filter(({ target }) => target === undefined)
          .map((imported) => `${source.path} imports ${imported.specifier}`),
      )
      assert.deepEqual(foreign, [])
    })
  })
}

describe('the core', () => {
  it(`ships at most ${coreBudgetBytes / 1024} KiB, minified and compressed`, async (t) => {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: ['src/index.ts'],
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'neutral',
      target: 'es2024',
    })
    const bundle = outputFiles[0]?.contents ?? assert.fail('esbuild gave no bundle')
    const shippedBytes = gzipSync(bundle, { level: 9 }).length
    t.diagnostic(`${shippedBytes} bytes compressed, ${bundle.length} minified`)
    assert.ok(shippedBytes <= coreBudgetBytes, `${shippedBytes} bytes are above the budget of ${coreBudgetBytes}`)
  })
})
