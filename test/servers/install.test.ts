// Proves that installing is all or nothing, happens once, and that what cannot be had is told in a line.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fakeServer, scratchFolder } from './fake-server.ts'
import { type InstallResult, install } from './install.ts'
import { installationOf } from './installation.ts'
import type { Server } from './server.ts'

async function tried(servers: readonly Server[], cache: string): Promise<[string[], InstallResult[]]> {
  const lines: string[] = []
  const results = await install(servers, { cache, say: (line) => lines.push(line) })
  return [lines, results]
}

describe('install', () => {
  it('installs once', async () => {
    using cache = scratchFolder()
    let installs = 0
    const install = async () => `1.2.${++installs}`
    const server = fakeServer({ source: { install } })
    const [first] = await tried([server], cache.path)
    const [second] = await tried([server], cache.path)
    assert.match(first.join('\n'), /^fake: installed 1\.2\.1 in \d+\.\d s$/)
    assert.deepEqual(second, ['fake: is there (1.2.1)'])
    assert.equal(installs, 1)
  })

  it('installs anew when a pinned file has changed', async () => {
    using cache = scratchFolder()
    const pin = join(cache.path, 'lock')
    const server = fakeServer({ source: { pins: [pin] } })
    writeFileSync(pin, 'one')
    await tried([server], cache.path)
    assert.notEqual(installationOf(server, cache.path), undefined)
    writeFileSync(pin, 'two')
    assert.equal(installationOf(server, cache.path), undefined)
  })

  it('leaves nothing of an installation that failed, and says how its package client ended', async () => {
    using cache = scratchFolder()
    const broken = fakeServer({
      source: {
        install: async ({ folder, run }) => {
          writeFileSync(join(folder, 'half'), '')
          return await run(process.execPath, ['-e', 'console.error("no such package"); process.exit(3)'])
        },
      },
    })
    const [lines, [result]] = await tried([broken], cache.path)
    assert.match(lines.join('\n'), /^fake: failed: .* ended with status 3\n {4}no such package$/)
    assert.notEqual(result?.problem, undefined)
    assert.deepEqual(readdirSync(cache.path), [])
  })

  it('removes what an interrupted installation left, and nothing of one that goes on', async () => {
    using cache = scratchFolder()
    const ended = 'fresh-999999999-fake'
    const goesOn = `fresh-${process.pid}-other`
    for (const name of [ended, goesOn]) mkdirSync(join(cache.path, name))
    await tried([], cache.path)
    assert.deepEqual(readdirSync(cache.path), [goesOn])
  })

  it('says in a line what cannot be had, and goes on with the others', async () => {
    using cache = scratchFolder()
    const nowhere = { ...fakeServer({ source: { missing: async () => 'needs a moon' } }), name: 'moon' }
    const [lines, results] = await tried([nowhere, fakeServer()], cache.path)
    assert.equal(lines[0], 'moon: not to be had here: needs a moon')
    assert.deepEqual(
      results.map(({ server, problem }) => [server.name, problem]),
      [
        ['moon', 'needs a moon'],
        ['fake', undefined],
      ],
    )
  })

  it('ends its package client when it is interrupted, and leaves nothing', async () => {
    using cache = scratchFolder()
    const interrupted = new AbortController()
    const slow = fakeServer({
      source: { install: ({ run }) => run(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']) },
    })
    const running = install([slow], { cache: cache.path, say: () => {}, signal: interrupted.signal })
    setTimeout(() => interrupted.abort(new Error('enough')), 200)
    await assert.rejects(running, /enough/)
    assert.deepEqual(readdirSync(cache.path), [])
  })
})
