// Proves that a source which brings another one along is both.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type FakeOptions, fakeServer, scratchFolder } from './fake-server.ts'
import { installServer } from './installation.ts'
import { withSource } from './with-source.ts'

const sourceOf = (options: FakeOptions['source']) => fakeServer({ source: options }).source

describe('withSource', () => {
  it('installs both in one folder, and has the version of the first', async () => {
    using scratch = scratchFolder()
    const other = sourceOf({
      install: async ({ folder, run }) => {
        await run(process.execPath, ['-e', `fs.writeFileSync(${JSON.stringify(join(folder, 'other'))}, '')`])
        return '9'
      },
    })
    const server = { ...fakeServer(), source: withSource(fakeServer().source, other) }
    const { folder, version } = await installServer(server, scratch.path, { say: () => {} })
    assert.deepEqual([version, readdirSync(folder).toSorted()], ['1.2.3', ['installed.json', 'main.cjs', 'other']])
  })

  it('is installed anew when a pin of either changes, and is missing where either is', async () => {
    const [one, other] = [{ pins: ['a'] }, { pins: ['b'], missing: async () => 'needs Go' }]
    const source = withSource(sourceOf(one), sourceOf(other))
    assert.deepEqual([source.pins, await source.missing()], [['a', 'b'], 'needs Go'])
    assert.equal(await withSource(sourceOf(other), sourceOf(one)).missing(), 'needs Go')
    assert.equal(await withSource(sourceOf(one), sourceOf(one)).missing(), undefined)
  })
})
