// Proves that servers are started once, waited for, stopped by a process id that still means them, and never left behind.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { eventually } from '../../src/testing/eventually.ts'
import { type FakeOptions, fakeServer, scratchFolder } from './fake-server.ts'
import { installationOf, installServer } from './installation.ts'
import { lock } from './lock.ts'
import { ownServer } from './own-server.ts'
import { identityOf } from './process-identity.ts'
import { isAlive, logOf, readRecord, writeRecord } from './record.ts'
import { runServers } from './run-servers.ts'
import { startServer } from './start-server.ts'
import { statusTable } from './status.ts'
import { killServer, stopServer } from './stop-server.ts'

/** An installed server, and a folder to start it in. Whatever runs there ends with it. */
async function installed(options?: FakeOptions) {
  const scratch = scratchFolder()
  const server = fakeServer(options)
  const cache = join(scratch.path, 'cache')
  const state = join(scratch.path, 'state')
  const folder = join(state, 'fake')
  const installation = await installServer(server, cache, { say: () => {} })
  const dispose = async () => {
    killServer(folder)
    await stopServer(folder)
    scratch[Symbol.dispose]()
  }
  const start = () => startServer(server, installation, { folder })
  return { server, cache, state, folder, start, [Symbol.asyncDispose]: dispose }
}

const get = async (url: string | undefined) => await (await fetch(String(url))).text()

describe('startServer', () => {
  it('waits until the server answers, and keeps its log', async () => {
    await using fake = await installed()
    const { addresses } = await fake.start()
    assert.equal(await get(addresses['url']), 'here')
    assert.equal(readFileSync(logOf(fake.folder), 'utf8'), 'listens\n')
  })

  it('starts nothing when the server runs', async () => {
    await using fake = await installed()
    assert.deepEqual(await fake.start(), await fake.start())
  })

  it('starts afresh what was killed', async () => {
    await using fake = await installed()
    const first = await fake.start()
    process.kill(first.pid, 'SIGKILL')
    await eventually(() => !isAlive(first))
    const second = await fake.start()
    assert.notEqual(second.pid, first.pid)
    assert.equal(await get(second.addresses['url']), 'here')
  })

  it('starts where it was, when nobody else is there', async () => {
    await using fake = await installed()
    const first = await fake.start()
    await stopServer(fake.folder)
    const second = await fake.start()
    assert.deepEqual(second.ports, first.ports)
    await stopServer(fake.folder)
    await using other = createServer().listen(first.ports['http'], '127.0.0.1')
    await once(other, 'listening')
    const { ports, addresses } = await fake.start()
    assert.notDeepEqual(ports, first.ports)
    assert.equal(await get(addresses['url']), 'here')
  })

  it('fails with the end of the log when the server ends, and forgets it', async () => {
    await using fake = await installed({ program: 'console.error("my configuration is wrong"); process.exit(1)' })
    await assert.rejects(fake.start(), { message: 'fake ended before it was ready\n    my configuration is wrong' })
    assert.equal(readRecord(fake.folder), undefined)
  })

  it('fails with the end of the log when the server does not get ready in time, and stops it', async () => {
    const program = 'console.log(process.pid); setInterval(() => {}, 1_000)'
    await using fake = await installed({ program, readyWithinMs: 500 })
    await assert.rejects(fake.start(), /fake was not ready within 0\.5 s\n {4}\d+$/)
    assert.equal(identityOf(Number(readFileSync(logOf(fake.folder), 'utf8'))), undefined)
  })
})

describe('stopServer', () => {
  it('waits until the server has ended, and says whether there was one', async () => {
    await using fake = await installed()
    const running = await fake.start()
    assert.equal(await stopServer(fake.folder), true)
    assert.equal(isAlive(running), false)
    assert.equal(await stopServer(fake.folder), false)
  })

  it('leaves alone a process that has got the number of the server', async () => {
    await using fake = await installed()
    const running = await fake.start()
    writeRecord(fake.folder, { ...running, identity: 'somebody else' })
    assert.equal(await stopServer(fake.folder), false)
    assert.equal(isAlive(running), true)
    writeRecord(fake.folder, running)
  })
})

describe('statusTable', () => {
  it('shows what can be done about each state', async () => {
    await using fake = await installed()
    const { cache, state } = fake
    const row = async (server = fake.server) => (await statusTable([server], { cache, state }))[1]?.split(/ {2,}/)
    assert.deepEqual(await row({ ...fake.server, name: 'new' }), ['new', 'not installed', './dev servers install new'])
    const source = { ...fake.server.source, missing: async () => 'needs a moon' }
    assert.deepEqual(await row({ ...fake.server, name: 'moon', source }), ['moon', 'not to be had', 'needs a moon'])
    assert.deepEqual(await row(), ['fake', '1.2.3', 'stopped', 'a fake'])
    const running = await fake.start()
    assert.deepEqual(await row(), ['fake', '1.2.3', 'running', running.addresses['url'], 'a fake'])
    killServer(fake.folder)
    await eventually(() => !isAlive(running))
    assert.deepEqual(await row(), ['fake', '1.2.3', 'died', `see ${logOf(fake.folder)}`, 'a fake'])
  })

  it('aligns its columns', async () => {
    await using fake = await installed()
    const lines = await statusTable([fake.server, { ...fake.server, name: 'a-longer-name' }], fake)
    const columns = lines.map((line) => line.search(/stopped|not installed|state/))
    assert.deepEqual(new Set(columns).size, 1)
  })
})

describe('runServers', () => {
  it('gives addresses and programs by environment, and stops the servers when it is done', async () => {
    await using fake = await installed()
    const missing = { ...fake.server, name: 'not-here' }
    const folder = join(fake.state, 'run')
    let url: string | undefined
    {
      await using servers = await runServers([fake.server, missing], fake.cache, folder)
      url = servers.environment['SERVICEKIT_FAKE_URL']
      assert.equal(await get(url), 'here')
      const { folder: program = '' } = installationOf(fake.server, fake.cache) ?? {}
      assert.equal(servers.environment['SERVICEKIT_FAKE_MAIN'], join(program, 'main.cjs'))
      assert.deepEqual([servers.started, servers.missing, servers.problems], [['fake'], ['not-here'], []])
    }
    await assert.rejects(get(url))
  })

  it('tells why a server did not start, and keeps the others', async () => {
    await using fake = await installed({ program: 'throw new Error("no room")' })
    await using servers = await runServers([fake.server], fake.cache, join(fake.state, 'run'))
    assert.match(servers.problems.join('\n'), /^fake ended before it was ready\n.*no room/s)
  })
})

describe('ownServer', () => {
  it('crashes and comes back at the same address', async () => {
    await using fake = await installed()
    await using own = await ownServer(fake.server, fake.cache)
    await own.crash()
    assert.equal(own.isUp, false)
    await assert.rejects(get(own.addresses['url']))
    await own.restart()
    assert.equal(own.isUp, true)
    assert.equal(await get(own.addresses['url']), 'here')
  })
})

describe('lock', () => {
  it('lets one in at a time', async () => {
    using folder = scratchFolder()
    const first = await lock(folder.path, { say: () => {} })
    const lines: string[] = []
    let isIn = false
    const second = lock(folder.path, { say: (line) => lines.push(line) }).then((held) => {
      isIn = true
      return held
    })
    await eventually(() => lines.length > 0)
    assert.match(lines.join('\n'), new RegExp(`process ${process.pid}\\)$`))
    assert.equal(isIn, false)
    first[Symbol.dispose]()
    ;(await second)[Symbol.dispose]()
  })
})
