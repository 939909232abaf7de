import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fileNameOf } from './file-name.ts'

const texts = fc.oneof(
  fc.string({ minLength: 1, maxLength: 300, unit: 'binary' }),
  fc.string({
    minLength: 1,
    maxLength: 8,
    unit: fc.constantFrom('.', '/', '\\', '%', '~', 'a', 'A', ' ', '\0', 'ß', 'K'),
  }),
  fc
    .array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { minLength: 1, maxLength: 4 })
    .map((units) => String.fromCharCode(...units)),
)

describe('fileNameOf', () => {
  it('leaves what is plain as it is', () => {
    for (const text of ['addsvc', 'orders-00001', 'a.b_c', '10.0.0.1', 'console', 'com', 'auxiliary.x'])
      assert.equal(fileNameOf(text), text)
  })

  it('lets nothing out of its folder, hide, or be a device', () => {
    assert.equal(fileNameOf('..'), '%2e%2e')
    assert.equal(fileNameOf('.hidden.'), '%2ehidden%2e')
    assert.equal(fileNameOf('../../etc/passwd'), '%2e.%2f..%2fetc%2fpasswd')
    assert.equal(fileNameOf('a\\b:c\0'), 'a%5cb%3ac%00')
    assert.equal(fileNameOf('127.0.0.1:8080'), '127.0.0.1%3a8080')
    assert.equal(fileNameOf('nul'), '%6eul')
    assert.equal(fileNameOf('com1.txt'), '%63om1.txt')
  })

  it('knows upper case from lower case where the file system does not', () => {
    assert.equal(fileNameOf('AddSvc'), '%41dd%53vc')
  })

  it('cuts long texts, and tells them apart', () => {
    const [one, other] = [fileNameOf(`${'x'.repeat(500)}1`), fileNameOf(`${'x'.repeat(500)}2`)]
    assert.match(one, /^x{60}~[0-9a-f]{32}$/)
    assert.notEqual(one, other)
  })

  it('tells halves of surrogate pairs apart', () => {
    assert.notEqual(fileNameOf('\ud800'), fileNameOf('\ud801'))
  })

  it('is safe and another one for any other text', () => {
    const seen = new Map<string, string>()
    const safe = (text: string) => {
      const name = fileNameOf(text)
      assert.match(name, /^[a-z0-9%_~-](?:[a-z0-9._%~-]{0,98}[a-z0-9%_~-])?$/)
      assert.equal(seen.get(name) ?? text, text)
      seen.set(name, text)
    }
    fc.assert(fc.property(texts, safe), { seed: 11, numRuns: 500 })
  })

  it('is taken by the file system', () => {
    const folder = mkdtempSync(join(tmpdir(), 'servicekit-names-'))
    try {
      const names = fc.sample(texts, { seed: 5, numRuns: 100 }).map(fileNameOf)
      for (const name of names) writeFileSync(join(folder, name), '')
      assert.deepEqual(new Set(readdirSync(folder)), new Set(names))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
