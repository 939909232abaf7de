// Proves what Maven as a source asks of a machine, and what it leaves there.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { scratchFolder } from './fake-server.ts'
import { install } from './install.ts'
import { maven } from './maven.ts'
import type { Server } from './server.ts'

const project = (folder: string) =>
  maven({ folder, title: 'a thing', sources: ['src/Main.java'], jar: 'target/thing.jar', version: /<v>(.*)<\/v>/ })

/** A machine with these programs and no others, for as long as the block. */
function machine(folder: string, programs: Readonly<Record<string, string>>): Disposable {
  for (const [name, script] of Object.entries(programs)) {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\n${script}\n`)
    chmodSync(path, 0o755)
  }
  const { PATH, JAVA_HOME } = process.env
  process.env['PATH'] = folder
  delete process.env['JAVA_HOME']
  return {
    [Symbol.dispose]: () => {
      process.env['PATH'] = PATH
      if (JAVA_HOME !== undefined) process.env['JAVA_HOME'] = JAVA_HOME
    },
  }
}

describe('maven', () => {
  it('says in a line what is missing', async () => {
    const said = async (programs: Readonly<Record<string, string>>) => {
      using folder = scratchFolder()
      using _ = machine(folder.path, programs)
      return await project(folder.path).missing()
    }
    assert.equal(await said({}), 'needs mvn on the PATH: Debian has it as maven')
    assert.equal(await said({ mvn: '' }), 'needs a JDK of Java 17 or later on the PATH')
    assert.equal(
      await said({ mvn: '', javac: 'echo javac 11.0.2' }),
      'needs a JDK of Java 17 or later on the PATH, which has 11',
    )
    assert.equal(await said({ mvn: '', javac: 'echo javac 17.0.15' }), undefined)
  })

  it('builds a copy, and leaves the jar and nothing else', async () => {
    using folder = scratchFolder()
    using cache = scratchFolder()
    using bin = scratchFolder()
    mkdirSync(join(folder.path, 'src'))
    writeFileSync(join(folder.path, 'pom.xml'), '<v>1.2</v>')
    writeFileSync(join(folder.path, 'src/Main.java'), 'class Main {}')
    const builds = '/bin/mkdir target && /bin/cat pom.xml src/Main.java > target/thing.jar'
    using _ = machine(bin.path, { mvn: builds, javac: 'echo javac 21' })
    const server: Server = { name: 'thing', source: project(folder.path) }
    const lines: string[] = []
    await install([server], { cache: cache.path, say: (line) => lines.push(line) })
    assert.equal(lines[0], 'thing: building thing.jar with mvn')
    assert.match(lines[1] ?? '', /^thing: installed 1\.2 in /)
    const installed = join(cache.path, readdirSync(cache.path)[0] as string)
    assert.deepEqual(readdirSync(installed).toSorted(), ['installed.json', 'thing.jar'])
    assert.equal(readFileSync(join(installed, 'thing.jar'), 'utf8'), '<v>1.2</v>class Main {}')
    assert.equal(existsSync(join(folder.path, 'target')), false)
  })
})
