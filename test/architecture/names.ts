// A name says what a thing is and in which unit: the part of that which can be read off the name itself.
import { posix } from 'node:path'
import { frontDoor } from './plan.ts'
import { isTest, type Source, usesOf, type Violation, violation } from './sources.ts'

/** Files that are named for what their exports are together, each with the reason. */
export const namedForTheirTheme: Readonly<Record<string, string>> = {
  'src/primitives/ddsketch.ts': 'DDSketch is one word in its paper, and dd-sketch is none',
}

/** Checks the names of files and folders, of exports, and of what holds a duration or a size. */
export function names(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => [
    ...pathNames(source.path).map((message) => violation(source, message)),
    ...(isTest(source) ? [] : [...mainExport(source), ...exportedNames(source), ...units(source)]),
  ])
}

const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?$/
const saysNothing = /^(?:utils?|helpers?|common|misc|shared)(?:\.test)?$/

function pathNames(path: string): string[] {
  return path
    .replace(/\.ts$/, '')
    .split('/')
    .flatMap((name) => {
      if (saysNothing.test(name)) return [`${name} says nothing: name the idea, or move it to what it serves`]
      return kebab.test(name) ? [] : [`${name} is not in kebab-case`]
    })
}

/** Some export has the file's name in its own, whole words of it, in the plural or not: `errors.ts` has `ServiceError`. */
function mainExport(source: Source): Violation[] {
  const name = posix.basename(source.path, '.ts')
  const exported = source.exports.map((one) => one.name)
  const isExempt = `${name}.ts` === frontDoor || Object.hasOwn(namedForTheirTheme, source.path)
  const stem = new RegExp(`(?:^|-)${name.replace(/s$/, '')}`)
  if (exported.length === 0 || isExempt || exported.some((one) => stem.test(kebabCase(one)))) return []
  return [violation(source, `is named for none of its exports (${exported.join(', ')}): name it for the main one`)]
}

function kebabCase(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase()
}

const badNames: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/^interface I[A-Z][a-z]/, 'drop the I'],
  [/ (?:Base|Abstract)(?:[A-Z]|$)/, 'name the idea, not its place in a hierarchy'],
  [/(?:Impl|Manager|Helper)$/, 'name what it does'],
  [/ (?:create|make|new)(?:[A-Z]|$)/, 'a factory is a bare noun or an imperative'],
]

function exportedNames(source: Source): Violation[] {
  return source.exports.flatMap(({ name, kind, offset }) =>
    badNames
      .filter(([pattern]) => pattern.test(`${kind} ${name}`))
      .map(([, advice]) => violation(source, `${name}: ${advice}`, offset)),
  )
}

const hasNoUnit = String.raw`\b(?!\w*(?:Ms|At|Bytes|Ratio|Factor|Count|PerSecond)\b)`
const isNumber = String.raw`\b(?=\??\s*:\s*number\b(?!\[))`
const duration = new RegExp(
  String.raw`${hasNoUnit}(?:\w*(?:timeout|delay|interval|ttl|duration)\w*|\w*time)${isNumber}`,
  'gi',
)
const size = new RegExp(
  String.raw`${hasNoUnit}(?:\w*bytes\w*|\w*(?:body|message|payload|frame|header|chunk)s?(?:size|length|limit))${isNumber}`,
  'gi',
)

function units(source: Source): Violation[] {
  return [
    ...usesOf(source, duration).map(({ name, offset }) =>
      violation(source, `${name} is a number and sounds like a duration: say the unit, ${name}Ms`, offset),
    ),
    ...usesOf(source, size).map(({ name, offset }) =>
      violation(source, `${name} is a number and sounds like a size in bytes: let it end in Bytes`, offset),
    ),
  ]
}
