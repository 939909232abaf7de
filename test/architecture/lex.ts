// Tells code from prose: as much of TypeScript's grammar as that takes, because TypeScript 7 has no API to ask.

/** Line comments that follow each other, line by line, are one. */
export interface Comment {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** TypeScript in two layers. */
export interface Lexed {
  /** The source with blanks for comments and for the insides of literals: every offset and line stays what it was. */
  readonly code: string
  readonly comments: readonly Comment[]
}

const comment = String.raw`^#![^\n]*|\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*|\/\*.*?\*\/`
const string = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"`
const regex = String.raw`\/(?:\\[^\n]|\[(?:\\[^\n]|[^\]\\\n])*\]|[^/\\\n[])+\/\w*`
const token = new RegExp(
  String.raw`(?<space>\s+)|(?<comment>${comment})|(?<string>${string})|(?<regex>${regex})|[\w$#]+|\+\+|--|.`,
  'sy',
)

/** From behind a backtick, or behind the brace that ends a placeholder, to the next placeholder or the last backtick. */
const templateText = /(?:\\.|\$(?!\{)|[^\\`$])*(?:`|\$\{|$)/sy

/** After these a slash divides; after anything else it begins a regular expression. */
const endOfValue =
  /^(?!(?:return|typeof|instanceof|case|in|of|delete|void|throw|new|else|do|await|yield)$)(?:[\w$#]+|[)\]}]|\+\+|--)$/

/** Splits TypeScript into code and comments. Takes any text: what is no TypeScript is lexed as if it were. */
export function lex(source: string): Lexed {
  const comments: Comment[] = []
  /** For each template whose placeholder is open, how many braces are open around it. */
  const templates: number[] = []
  let code = ''
  let braces = 0
  let afterValue = false

  while (code.length < source.length) {
    const start = code.length
    const { 0: found, groups: { space, comment, string, regex } = {} } = matchAt(token, source, start)
    if (space !== undefined) {
      code += space
    } else if (comment !== undefined) {
      comments.push({ start, end: start + comment.length, text: comment })
      code += blank(comment)
    } else if (string !== undefined) {
      code += hollow(string, 1)
      afterValue = true
    } else if (regex !== undefined && !afterValue) {
      // The flags are blanked with the rest, or they would read as a name.
      code += `/${' '.repeat(regex.length - 2)}/`
      afterValue = true
    } else {
      const symbol = regex === undefined ? found : '/'
      const resumes = symbol === '}' && templates.at(-1) === braces
      if (resumes) templates.pop()
      if (symbol === '`' || resumes) {
        const text = symbol + matchAt(templateText, source, start + 1)[0]
        const interrupted = text.endsWith('{')
        if (interrupted) templates.push(braces)
        code += hollow(text, interrupted ? 2 : 1)
        afterValue = !interrupted
      } else {
        if (symbol === '{') braces++
        if (symbol === '}') braces--
        code += symbol
        afterValue = endOfValue.test(symbol)
      }
    }
  }
  return { code, comments }
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray {
  pattern.lastIndex = offset
  const match = pattern.exec(text)
  if (match === null) throw new Error(`no token at offset ${offset}, although the patterns match anything`)
  return match
}

function blank(prose: string): string {
  return prose.replaceAll(/[^\n]/g, ' ')
}

/** Leaves the delimiters of a literal: the first character, and the last one or two. */
function hollow(literal: string, closing: number): string {
  const end = Math.max(1, literal.length - closing)
  return literal.slice(0, 1) + blank(literal.slice(1, end)) + literal.slice(end)
}
