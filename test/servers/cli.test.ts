// Proves what `./dev servers` says and how it ends, on a cache with nothing in it and without the network.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { addressOf, skipUnless } from './addresses.ts'
import { scratchFolder } from './fake-server.ts'
import { registry } from './registry.ts'

const scratch = scratchFolder()
const names = registry.map(({ name }) => name)

after(() => scratch[Symbol.dispose]())

function servers(...args: string[]) {
  const env = { ...process.env, XDG_CACHE_HOME: scratch.path, XDG_STATE_HOME: scratch.path }
  const cli = join(import.meta.dirname, 'cli.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { status, stdout, stderr }
}

describe('./dev servers', () => {
  it('shows a row for each server, also without a command', () => {
    const { status, stdout, stderr } = servers('status')
    assert.deepEqual([status, stderr], [0, ''])
    const [head = '', ...rows] = stdout.trimEnd().split('\n')
    assert.match(head, /^name +version +state +address +how to get it$/)
    assert.deepEqual(
      rows.map((row) => row.split(' ')[0]),
      names,
    )
    assert.deepEqual(servers(), { status, stdout, stderr })
  })

  it('shows the servers that are named', () => {
    assert.equal(servers('status', 'statsd').stdout.split('\n').length, 3)
  })

  it('exits 2 for a server that it does not know, and lists those there are', () => {
    const { status, stdout, stderr } = servers('start', 'nosuch')
    assert.deepEqual([status, stdout], [2, ''])
    assert.equal(stderr, `dev: there is no server "nosuch"; servers: ${names.join(', ')}\n`)
  })

  it('exits 2 for a command and for an option that it does not know', () => {
    assert.match(servers('restart').stderr, /^dev: cannot "restart" servers; there are install, start, stop, status\n$/)
    assert.equal(servers('restart').status, 2)
    assert.equal(servers('status', '--nosuch').status, 2)
  })

  it('exits 1 when there is nothing to start, and says what brings it', () => {
    const { status, stdout, stderr } = servers('start', 'statsd')
    assert.deepEqual([status, stdout], [1, ''])
    assert.equal(stderr, 'dev: not installed: statsd; ./dev servers install statsd\n')
  })

  it('exits 0 when there is nothing to stop', () => {
    assert.deepEqual(servers('stop'), { status: 0, stdout: '', stderr: '' })
  })
})

describe('registry', () => {
  it('has each name once, in kebab-case', () => {
    assert.equal(new Set(names).size, names.length)
    for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/)
  })

  it('names pinned files that are there, none of which names a host of a registry', () => {
    const pins = registry.flatMap(({ source }) => source.pins)
    for (const pin of pins) assert.doesNotMatch(readFileSync(pin, 'utf8'), /"resolved":/, pin)
  })

  it('has every folder that there is', () => {
    const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    assert.deepEqual(folders.map(({ name }) => name).sort(), [...names].sort())
  })
})

describe('skipUnless', () => {
  it('lets pass a server whose address was given, and says which command brings another one', () => {
    const before = { ...process.env }
    try {
      Object.assign(process.env, { XDG_CACHE_HOME: scratch.path, XDG_STATE_HOME: scratch.path })
      process.env['SERVICEKIT_STATSD_URL'] = 'udp://127.0.0.1:1'
      assert.deepEqual(skipUnless('statsd'), { skip: false })
      assert.equal(addressOf('statsd'), 'udp://127.0.0.1:1')
      const how = './dev servers install gokit && ./dev test'
      assert.deepEqual(skipUnless('statsd', 'gokit'), { skip: `gokit not there: ${how}` })
      assert.throws(() => addressOf('gokit'), { message: `gokit has no url here: ${how}` })
      assert.throws(() => skipUnless('nosuch'), /no server "nosuch"/)
    } finally {
      for (const name of ['XDG_CACHE_HOME', 'XDG_STATE_HOME', 'SERVICEKIT_STATSD_URL']) {
        if (before[name] === undefined) delete process.env[name]
        else process.env[name] = before[name]
      }
    }
  })
})
