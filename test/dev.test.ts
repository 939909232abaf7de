// Proves what `dev` says and how it ends, for everything that needs no set-up.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const script = join(import.meta.dirname, '..', 'dev')
const commands = ['demo', 'test', 'check', 'unit', 'bench', 'proof', 'servers']

function dev(...args: string[]) {
  return spawnSync(script, args, { encoding: 'utf8', timeout: 30_000 })
}

describe('dev', () => {
  for (const help of ['help', '--help', '-h']) {
    it(`lists every command for ${help}`, () => {
      const { status, stdout, stderr } = dev(help)
      assert.deepEqual([status, stderr], [0, ''])
      for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
    })
  }

  for (const command of commands) {
    it(`explains ${command} and runs nothing`, () => {
      const { status, stdout, stderr } = dev(command, '--help')
      assert.deepEqual([status, stderr], [0, ''])
      assert.match(stdout, new RegExp(`^usage: ./dev ${command}\\b`))
    })
  }

  it('leaves the help that follows -- to node', () => {
    const { stdout } = dev('proof', '--', '--help')
    assert.equal(stdout, '')
  })

  it('names a command that it does not know, lists those there are, and exits 2', () => {
    const { status, stdout, stderr } = dev('nosuch')
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^dev: unknown command "nosuch"/)
    for (const command of commands) assert.match(stderr, new RegExp(`^  ${command} `, 'm'))
  })

  it('exits 2 without a command, and shows its help where errors go', () => {
    const { status, stdout, stderr } = dev()
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^usage: /)
  })

  it('exits 2 for what the demo does not know, and says which', () => {
    for (const [args, said] of [
      [['--twice'], /^demo: Unknown option '--twice'; see \.\/dev demo --help\n$/],
      [['--port', 'x'], /^demo: --port must be from 0 to 65535, but is "x"; see/],
    ] as const) {
      const { status, stdout, stderr } = dev('demo', ...args)
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, said)
    }
  })

  it('exits 2 for an argument of the proof, which takes none', () => {
    const { status, stdout, stderr } = dev('proof', '--seed=2')
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /proof takes no argument/)
  })

  it('exits 2 for a claim that there is not, and names it', () => {
    const { status, stdout, stderr } = dev('bench', 'nosuch')
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /no claim "nosuch"; claims: /)
  })

  it('lists the claims when none is given, and exits 2', () => {
    const { status, stdout, stderr } = dev('bench')
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^claims: /m)
    assert.doesNotMatch(stderr, /\brun\b/)
  })

  it('finds its folder from anywhere, through a chain of symbolic links', () => {
    const folder = mkdtempSync(join(tmpdir(), 'servicekit-dev-'))
    try {
      symlinkSync(script, join(folder, 'first'))
      symlinkSync('first', join(folder, 'second'))
      const { status, stderr } = spawnSync(join(folder, 'second'), ['bench'], { cwd: folder, encoding: 'utf8' })
      assert.deepEqual([status, stderr], [2, dev('bench').stderr])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
