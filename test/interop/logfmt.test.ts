// Our texts in logfmt against those of go-logfmt, byte by byte.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { keyText, valueText } from '../../src/log/logfmt/text.ts'
import { go } from '../servers/go.ts'
import { installationOf, installServer } from '../servers/installation.ts'
import { placesOf } from '../servers/places.ts'
import type { Server } from '../servers/server.ts'

const encoder: Server = {
  name: 'go-logfmt',
  source: go({
    folder: join(import.meta.dirname, 'logfmt'),
    module: 'github.com/go-logfmt/logfmt',
    programs: { encode: '.' },
    sources: ['main.go'],
  }),
}

/** Builds the program unless it is there; gives its path, or says why there is none. */
async function bring(): Promise<{ readonly program: string; readonly missing?: string }> {
  const { cache } = placesOf()
  try {
    const there = installationOf(encoder, cache)
    const missing = there === undefined ? await encoder.source.missing() : undefined
    if (missing !== undefined) return { program: '', missing }
    const { folder } = there ?? (await installServer(encoder, cache, { say: console.log }))
    return { program: join(folder, 'bin', 'encode') }
  } catch (error) {
    return { program: '', missing: error instanceof Error ? error.message : String(error) }
  }
}

const { program, missing } = await bring()

describe('go-logfmt', () => {
  it('is here', (t) => {
    if (missing === undefined) return
    if (process.env['CI']) assert.fail(missing)
    t.skip(missing)
  })
})

describe('our logfmt', { skip: missing !== undefined }, () => {
  /** What Go prints for each text as a key and as a value. A key of which nothing is left is an error there, and `_` here. */
  async function goPairs(texts: readonly string[]): Promise<readonly (readonly [string, string])[]> {
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdin.end(texts.map((each) => `${JSON.stringify(each)}\n`).join(''))
    const lines = (await text(child.stdout)).trimEnd().split('\n')
    assert.equal(lines.length, texts.length)
    return lines.map((line) => JSON.parse(line)).map(([key, value]) => [key || '_=v', value])
  }

  async function agrees(texts: readonly string[]): Promise<void> {
    const theirs = await goPairs(texts)
    const ours = texts.map((each) => [`${keyText(each)}=v`, `k=${valueText(each)}`] as const)
    const differing = ours.flatMap(([key, value], i) =>
      key === theirs[i]?.[0] && value === theirs[i]?.[1] ? [] : [{ text: texts[i], ours: ours[i], go: theirs[i] }],
    )
    assert.deepEqual(differing.slice(0, 10), [])
  }

  it('agrees about each character, alone and within a longer text', async () => {
    const isHalf = (code: number) => code >= 0xd800 && code <= 0xdfff
    const astral = [0x10000, 0x1f600, 0xe0001, 0xfffff, 0x10fffd, 0x10ffff]
    const codes = [...Array(0x10000).keys(), ...astral]
    const chars = codes.map((code) => String.fromCodePoint(code))
    await agrees([...chars, ...chars.map((char) => `a${char}`)])
    const within = (char: string) => `the text before it is a long one ${char}"\\`
    await agrees(
      codes.filter((code) => !isHalf(code) || code % 64 === 0).map((code) => within(String.fromCodePoint(code))),
    )
  })

  it('agrees about texts that a reader would take for something else', async () => {
    await agrees([
      '',
      'null',
      'Null',
      'nullnull',
      '<nil>',
      'true',
      '1',
      '1e+21',
      'a=b',
      'a\\b',
      'a \\b',
      '"',
      '""',
      "'",
    ])
  })

  it('agrees about random texts', async () => {
    const special = fc.constantFrom(...'"\\= \t\n\r\0\x01\x1f\x7f\x80\x9f\ufffd\u2028\ud800\udc00\ufeff\'aé€'.split(''))
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.string({ maxLength: 60 }),
      fc.string({ unit: special, maxLength: 30 }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((units) => String.fromCharCode(...units)),
    )
    await agrees(fc.sample(texts, 20_000))
  })
})
