// Only what the plan names is in src/, and each file that does something has a test beside it.
import { transformSync } from 'esbuild'
import { frontDoor, placeOf, roles, topFloor } from './plan.ts'
import { isTest, type Source, type Violation, violation } from './sources.ts'

/** Files and folders without tests beside their files, each with the reason. */
export const untested: Readonly<Record<string, string>> = {
  'src/testing/conformance/': 'the tests of the adapters run these suites',
}

/** Refuses files and folders outside the plan, and files without a test unless they only declare types or pass exports on. */
export function tree(sources: readonly Source[]): Violation[] {
  const paths = new Set(sources.map(({ path }) => path))
  return sources.flatMap((source) => {
    const wrong = misplaced(source.path) ?? untestedBy(paths, source)
    return wrong === undefined ? [] : [violation(source, wrong)]
  })
}

function misplaced(path: string): string | undefined {
  const [, room = '', ...inside] = path.split('/')
  const [folder, deeper] = inside.slice(0, -1)
  if (!path.endsWith('.ts')) return 'is no TypeScript: nothing else is published from src/'
  if (inside.length === 0 && room !== frontDoor) return 'lies at the front door: move it into a folder of the plan'
  if (placeOf(path) === undefined) return `is in ${room}/, which is not in test/architecture/plan.ts`
  if (folder === undefined) return undefined
  const known = roles[room] ?? topFloor[room] ?? []
  if (!known.includes(folder)) return `is in ${room}/${folder}/, which is not in test/architecture/plan.ts`
  return deeper === undefined ? undefined : `lies a folder too deep: ${room}/${folder}/ has files and no folders`
}

function untestedBy(paths: ReadonlySet<string>, source: Source): string | undefined {
  const test = source.path.replace(/\.ts$/, '.test.ts')
  const isExempt = Object.keys(untested).some((prefix) => source.path.startsWith(prefix))
  if (isTest(source) || isExempt || paths.has(test) || !doesSomething(source)) return undefined
  return `has no test beside it: write ${test}`
}

/** Whether anything is left to run once types, imports and re-exports are gone. */
function doesSomething({ path, text }: Source): boolean {
  const { code } = transformSync(text, { loader: 'ts', sourcefile: path })
  return code.replaceAll(/^(?:import|export) (?:\*|\{)[^;]*;$/gm, '').trim() !== ''
}
