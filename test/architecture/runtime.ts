// Below floor 3 there is no Node: core and roles run on Bun, Deno and at the edge.
import { isBuiltin } from 'node:module'
import { placeOf } from './plan.ts'
import { isTest, type Source, usesOf, type Violation, variables, violation } from './sources.ts'

const globals = variables(
  // Not callable in Node: a method of that name is someone's own.
  String.raw`(?:process|global|module)(?!\s*\()`,
  String.raw`require(?=\s*[.(])`,
  'Buffer',
  'NodeJS',
  'setImmediate',
  'clearImmediate',
  '__dirname',
  '__filename',
)

/** Refuses Node's modules and globals below floor 3. Tests are exempt. */
export function runtime(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => {
    if (isTest(source) || (placeOf(source.path)?.floor ?? 0) >= 3) return []
    const modules = source.imports.filter(({ specifier }) => isBuiltin(specifier))
    const uses = [...modules.map(({ specifier: name, offset }) => ({ name, offset })), ...usesOf(source, globals)]
    return uses.map(({ name, offset }) => violation(source, `${name} ${advice}`, offset))
  })
}

const advice = 'is only in Node: use what every runtime has, take it as a value, or do this on floor 3'
