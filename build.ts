// Writes the package that is published: src/ as JavaScript and declarations, with a package.json whose doors point at them.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, resolve } from 'node:path'

interface Manifest {
  exports: Json
  imports?: Json
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  [other: string]: Json | undefined
}
type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

// A string or comment is matched as a whole, so that what looks like an import inside one is stepped over.
const specifiers =
  /(?<before>\bfrom\s*|\bimport\s*\(?\s*)(?<quote>['"])(?<specifier>[^'"\n]+)\k<quote>|\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

const out = resolve(process.argv[2] ?? join(import.meta.dirname, 'dist'))
process.chdir(import.meta.dirname)
const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'))

rmSync(out, { recursive: true, force: true })
const compiler = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', out]
if (spawnSync(process.execPath, compiler, { stdio: 'inherit' }).status !== 0) fail(['the sources do not compile'])

const files = globSync('**/*.{js,d.ts}', { cwd: out }).sort()
for (const file of files.filter((name) => name.endsWith('.d.ts'))) pointAtJavaScript(join(out, file))
const published = publishedManifest(manifest)
const faults = [
  ...files.flatMap(faultsOf),
  ...missingDoors(published.exports),
  ...missingDoors(published.imports ?? {}),
]
if (faults.length > 0) fail(faults)

for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) if (existsSync(file)) copyFileSync(file, join(out, file))
// Last, so that a build that failed leaves nothing that can be packed.
writeFileSync(join(out, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`)

function fail(faults: readonly string[]): never {
  console.error(`build: no package was written\n  ${faults.join('\n  ')}`)
  process.exit(1)
}

/** TypeScript rewrites `./x.ts` in JavaScript only; a declaration would name a source that is not shipped. */
function pointAtJavaScript(path: string): void {
  const rewritten = readFileSync(path, 'utf8').replace(specifiers, (whole, before, quote, specifier) =>
    before !== undefined && /^\.\.?\/.*(?<!\.d)\.ts$/.test(specifier)
      ? `${before}${quote}${specifier.slice(0, -'.ts'.length)}.js${quote}`
      : whole,
  )
  writeFileSync(path, rewritten)
}

function publishedManifest({
  devDependencies,
  scripts,
  files,
  private: _,
  exports,
  imports,
  ...kept
}: Manifest): Manifest {
  const js = (source: string) => source.replace(/^\.\/src\/(.*)\.ts$/, './$1.js')
  const types = (source: string) => source.replace(/^\.\/src\/(.*)\.ts$/, './$1.d.ts')
  const door = (source: string) => (source === js(source) ? source : { types: types(source), default: js(source) })
  return {
    ...kept,
    exports: mapStrings(exports, door),
    ...(imports === undefined ? {} : { imports: mapStrings(imports, js) }),
  }
}

function mapStrings(value: Json, map: (text: string) => Json): Json {
  if (typeof value === 'string') return map(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, map)]))
}

function missingDoors(doors: Json): string[] {
  const faults: string[] = []
  mapStrings(doors, (target) => {
    const isOurs = target.startsWith('./') && target !== './package.json'
    if (isOurs && !existsSync(join(out, target))) faults.push(`package.json names ${target}, which was not built`)
    return target
  })
  return faults
}

/** What is wrong with one emitted file: a test, or an import of something that its reader will not have. */
function faultsOf(file: string): string[] {
  if (/\.test\.|(^|\/)fixtures\//.test(file)) return [`${file} belongs to the tests`]
  const imported = [...readFileSync(join(out, file), 'utf8').matchAll(specifiers)].flatMap(({ groups }) =>
    groups?.['specifier'] === undefined ? [] : [groups['specifier']],
  )
  return imported
    .filter((specifier) => !(specifier.startsWith('.') ? isBuilt(file, specifier) : isShipped(specifier)))
    .map((specifier) => `${file} imports ${specifier}, which is not shipped`)
}

function isBuilt(importer: string, specifier: string): boolean {
  const target = join(dirname(importer), specifier)
  return target.endsWith('.js') && files.includes(importer.endsWith('.d.ts') ? target.replace(/js$/, 'd.ts') : target)
}

function isShipped(specifier: string): boolean {
  if (isBuiltin(specifier)) return true
  if (specifier.startsWith('#')) return Object.hasOwn(Object(manifest.imports), specifier)
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  return Object.hasOwn({ ...manifest.dependencies, ...manifest.peerDependencies }, name)
}
