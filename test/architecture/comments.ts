// Every file says what it is, every export what it does, and no comment shouts or apologises.
import { type Export, isTest, type Source, type Violation, violation } from './sources.ts'

/** Wants a sentence on top of each source and right above each of its declarations; refuses banners and promises everywhere. */
export function comments(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => [
    ...(isTest(source) ? [] : [...opening(source), ...undocumented(source)]),
    ...noise(source),
  ])
}

function opening(source: Source): Violation[] {
  const first = source.comments.find(({ text }) => !text.startsWith('#!'))
  const opens = first !== undefined && source.code.slice(0, first.start).trim() === ''
  if (opens && /\w+\W+\w+.*[.!?]$/s.test(proseOf(first.text))) return []
  return [violation(source, 'does not open with a sentence: say what the file is, and why it is separate')]
}

function proseOf(comment: string): string {
  return comment.replaceAll(/^\s*\/?[/*]+|\*\/$/gm, '').trim()
}

/** Of overloads, and of a type and a value of the same name, the first one speaks for all. */
function undocumented(source: Source): Violation[] {
  const isFirst = ({ name }: Export, index: number) =>
    source.exports.findIndex((other) => other.name === name) === index
  return source.exports
    .filter((exported, index) => exported.kind !== 'list' && isFirst(exported, index) && !hasDoc(source, exported))
    .map(({ name, offset }) => violation(source, `${name} ${docAdvice}`, offset))
}

const docAdvice = 'has no doc comment right above it: say in a sentence what it does, with its units and errors'

/** Between a doc comment and what it is about there may be other comments, but neither code nor an empty line. */
function hasDoc({ code, text, comments }: Source, { offset }: Export): boolean {
  return comments
    .filter((comment) => comment.end <= offset && comment.text.startsWith('/**'))
    .some(({ end }) => code.slice(end, offset).trim() === '' && !/\n\s*\n/.test(text.slice(end, offset)))
}

const banner = /^[\s/*]*([-=*#~_─━])\1{3}|([-=*#~_─━])\2{3}[\s/*]*$/m
const promise = /\b(?:TODO|FIXME|XXX|HACK)\b/

function noise(source: Source): Violation[] {
  return source.comments.flatMap(({ text, start }) => {
    const [word] = promise.exec(text) ?? []
    const isBanner = banner.test(text)
    return [
      ...(word === undefined ? [] : [violation(source, `${word}: do it now, or open an issue`, start)]),
      ...(isBanner ? [violation(source, 'is a banner: a part that needs one wants a file of its own', start)] : []),
    ]
  })
}
