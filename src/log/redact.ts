// Redaction: what must never be in a log, found by its key or its path while values are made safe to print.
import { Remembered } from '../primitives/remembered.ts'

/** What is hidden. */
export interface RedactOptions {
  /** Keys whose values are hidden wherever they are, beside the usual ones. A key matches whose last words are those of a name, however it is written. @default none */
  readonly keys?: readonly string[] | undefined
  /** Places whose values are hidden, as in `user.email` and `items.*.price`, where `*` is any one key or index. @default none */
  readonly paths?: readonly string[] | undefined
  /** Whether keys that end in one of `secretKeys` are hidden. @default true */
  readonly usual?: boolean | undefined
  /** What is logged in place of what is hidden. @default '[redacted]' */
  readonly censor?: string | undefined
}

/** What the keys end in whose values are hidden unless somebody says otherwise. */
export const secretKeys: readonly string[] = Object.freeze([
  'authorization',
  'cookie',
  'cookies',
  'set-cookie',
  'password',
  'passwords',
  'passwd',
  'passphrase',
  'token',
  'secret',
  'secrets',
  'api-key',
  'private-key',
])

/** Paths that go on below a place; `isHidden` where one of them ends there. */
export interface HiddenPaths {
  readonly isHidden: boolean
  readonly below: ReadonlyMap<string, HiddenPaths>
}

// Of longer keys only the end is looked at.
const longestKey = 200

/**
 * Hides values by key and by path. A key matches a name when its last words are the name's: of `userPin`, `user_pin` and `X-User-PIN` all match
 * `pin`, `shipping` and `pinCount` do not. The usual names need not begin a word, so that `PGPASSWORD` is hidden too; digits at the end
 * do not count. Messages, and texts within values, are not looked into.
 */
export class Redactor {
  readonly censor: string
  readonly paths: HiddenPaths | undefined
  readonly #usual: RegExp | undefined
  /** The words of each name run together. */
  readonly #names: ReadonlySet<string>
  readonly #keys = new Remembered((key) => this.#isName(key.slice(-longestKey)))
  /** Apart from those above: within values there may be any number of keys that strangers chose. */
  readonly #fields = new Remembered((key) => this.hides(key) || this.within(this.paths, key) !== undefined)

  constructor(options?: RedactOptions) {
    const { keys = [], paths = [], usual = true, censor = '[redacted]' } = options ?? {}
    if (typeof censor !== 'string') throw new TypeError(`censor must be a text, but is of type ${typeof censor}`)
    if (typeof usual !== 'boolean') throw new TypeError(`usual must be true or false, but is of type ${typeof usual}`)
    this.censor = censor
    this.#usual = usual ? endingIn(secretKeys) : undefined
    this.#names = new Set(checkTexts('keys', keys).map(nameOf))
    this.paths = checkTexts('paths', paths).length === 0 ? undefined : treeOf(paths)
  }

  /** Whether values under this key are hidden. */
  hides(key: string): boolean {
    return this.#keys.of(key)
  }

  /** Whether the value of a field of this key, or anything within it, may be hidden. */
  concerns(key: string): boolean {
    return this.#fields.of(key)
  }

  /** The paths that go on below a key; undefined when none does. */
  within(paths: HiddenPaths | undefined, key: string): HiddenPaths | undefined {
    if (paths === undefined) return undefined
    const named = paths.below.get(key)
    const any = paths.below.get('*')
    if (named === undefined || any === undefined || named === any) return named ?? any
    return merged(named, any)
  }

  #isName(key: string): boolean {
    const letters = key.replace(afterLetters, '')
    if (this.#usual?.test(letters)) return true
    return this.#names.size > 0 && (endsInOne(this.#names, key) || endsInOne(this.#names, letters))
  }
}

/** Hides secrets by key and by path. Throws a TypeError for an option that is not what it must be. */
export function redact(options?: RedactOptions): Redactor {
  return new Redactor(options)
}

function checkTexts(option: string, texts: readonly string[]): readonly string[] {
  const isList = Array.isArray(texts) && texts.every((text) => typeof text === 'string' && text !== '')
  if (!isList) throw new TypeError(`${option} must be a list of texts that are not empty`)
  return texts
}

const afterLetters = /\P{L}+$/u

/** Matches keys that end so. */
function endingIn(names: readonly string[]): RegExp {
  return new RegExp(`(?:${names.map((name) => wordsOf(name).join('[^a-z]*')).join('|')})$`, 'i')
}

function wordsOf(key: string): readonly string[] {
  return key
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '')
}

function nameOf(key: string): string {
  const name = wordsOf(key).join('')
  if (name === '') throw new TypeError(`keys: ${JSON.stringify(key)} has neither letters nor digits`)
  return name
}

/** Whether the last words are a name when they run together: `setcookie` and `set-cookie` are one. */
function endsInOne(names: ReadonlySet<string>, key: string): boolean {
  let tail = ''
  for (const word of wordsOf(key).toReversed()) {
    tail = word + tail
    if (names.has(tail)) return true
  }
  return false
}

interface Growing {
  isHidden: boolean
  readonly below: Map<string, Growing>
}

function treeOf(paths: readonly string[]): HiddenPaths {
  const root: Growing = { isHidden: false, below: new Map() }
  for (const path of paths) {
    let node = root
    for (const key of path.split('.')) {
      if (key === '') throw new TypeError(`paths: ${JSON.stringify(path)} has an empty key`)
      let next = node.below.get(key)
      if (next === undefined) {
        next = { isHidden: false, below: new Map() }
        node.below.set(key, next)
      }
      node = next
    }
    node.isHidden = true
  }
  return root
}

function merged(a: HiddenPaths, b: HiddenPaths): HiddenPaths {
  const below = new Map(a.below)
  for (const [key, paths] of b.below) {
    const known = below.get(key)
    below.set(key, known === undefined ? paths : merged(known, paths))
  }
  return { isHidden: a.isHidden || b.isHidden, below }
}
