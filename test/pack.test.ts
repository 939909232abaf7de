// Proves the package as a stranger gets it: packed, checked by the tools for packages, installed into an empty project, compiled, run and stopped.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'

const root = join(import.meta.dirname, '..')
const options = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, module: 'nodenext' }

const stayMs = 300

let folder: string
let tarball: string
let project: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'servicekit-pack-'))
  project = join(folder, 'project')
  await mkdir(project)
  await run(process.execPath, [join(root, 'build.ts'), join(folder, 'dist')])
  await run('npm', ['pack', join(folder, 'dist'), '--pack-destination', folder])
  const packed = (await readdir(folder)).find((file) => file.endsWith('.tgz'))
  tarball = join(folder, packed ?? assert.fail('npm pack wrote nothing'))
})

after(() => rm(folder, { recursive: true, force: true }))

describe('the tarball', () => {
  it('holds the package and nothing of the workshop', async (t) => {
    const files = (await run('tar', ['-tzf', tarball])).trim().split('\n')
    const bytes = (await stat(tarball)).size
    t.diagnostic(`the package: ${files.length} files, ${(bytes / 1024).toFixed(1)} KiB packed`)
    const expected = /^package\/(package\.json|README\.md|LICENSE|CHANGELOG\.md|([\w-]+\/)*[\w-]+(\.js|\.d\.ts))$/
    assert.deepEqual(
      files.filter((file) => !expected.test(file) || file.includes('.test.')),
      [],
    )
    for (const file of ['package.json', 'README.md', 'LICENSE', 'index.js', 'index.d.ts'])
      assert.ok(files.includes(`package/${file}`), `${file} is missing`)
  })

  it('satisfies publint', async () => {
    await tool('publint', 'run', tarball, '--strict')
  })

  it('has types that resolve for every ESM user', async () => {
    await tool('attw', tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-definitely-typed')
  })
})

describe('an empty project', () => {
  before(async () => {
    await write('package.json', { private: true, type: 'module' })
    const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const beside = ['typescript', '@types/node', 'zod'].map((name) => `${name}@${devDependencies[name]}`)
    await run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball, ...beside])
  })

  it('loads every door but those that need an optional peer, which say so, and these too where it is there', async () => {
    const { exports, peerDependencies } = JSON.parse(
      await readFile(join(project, 'node_modules/servicekit/package.json'), 'utf8'),
    )
    const doors = Object.keys(exports).filter((door) => door !== './package.json')
    const attempts = doors.map(
      (door) => `await import('servicekit${door.slice(1)}').catch(({ message }) => missing.push(message))\n`,
    )
    const source = `const missing = []\n${attempts.join('')}console.log(JSON.stringify(missing))`
    await write('doors.js', source)
    const missing: string[] = JSON.parse(await run(process.execPath, ['doors.js']))
    const named = missing.map((message) => /^Cannot find package '([^']+)'/.exec(message)?.[1] ?? message)
    assert.deepEqual(new Set(named), new Set(Object.keys(peerDependencies)))
    const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const peers = Object.keys(peerDependencies).map((name) => `${name}@${devDependencies[name]}`)
    await run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', ...peers])
    assert.equal(await run(process.execPath, ['doors.js']), '[]\n')
  })

  it('chooses the HTTP client by runtime', async () => {
    const requester = join(project, 'node_modules/servicekit/platform/requester.js')
    await write(
      'choice.js',
      `import { Requester } from ${JSON.stringify(requester)}
      try { new Requester({ maxConnections: 1 }); console.log('undici') } catch { console.log('fetch') }`,
    )
    const chosen = (...flags: string[]) => run(process.execPath, [...flags, 'choice.js'])
    assert.equal(await chosen(), 'undici\n')
    for (const runtime of ['bun', 'deno', 'workerd', 'browser'])
      assert.equal(await chosen(`--conditions=${runtime}`), 'fetch\n', runtime)
  })

  it('compiles the core without the types of Node', async () => {
    await write(
      'core.ts',
      `import * as servicekit from 'servicekit'\nexport const names: string[] = Object.keys(servicekit)\n`,
    )
    const lib = ['es2024', 'dom', 'esnext.disposable']
    await compile('core.json', { ...options, types: [], lib }, 'core.ts')
  })

  describe("the README's first service", () => {
    let answer: string

    before(async () => {
      const service = await firstService()
      answer = service.answer
      await write('service.ts', service.source)
    })

    it('compiles under the strictest options', async () => {
      await compile('service.json', { ...options, types: ['node'], target: 'es2024', outDir: 'out' }, 'service.ts')
    })

    // As JavaScript and as it stands in the README: both are how people run it.
    for (const [file, signal] of [
      ['out/service.js', 'SIGTERM'],
      ['service.ts', 'SIGINT'],
    ] as const) {
      it(`prints its answer as ${file}, stays up, and exits 0 on ${signal}`, async () => {
        const service = spawn(process.execPath, [file], { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] })
        try {
          const exit = once(service, 'exit')
          const lines = createInterface({ input: service.stdout })
          const [first] = await Promise.race([once(lines, 'line'), exit.then(() => ['nothing: it ended'])])
          assert.equal(first, answer)
          // That it stays up shows only in time; and it waits for signals from its last line on, which comes after this one.
          await setTimeout(stayMs)
          assert.deepEqual([service.exitCode, service.signalCode], [null, null])
          service.kill(signal)
          assert.deepEqual(await exit, [0, null])
        } finally {
          service.kill('SIGKILL')
        }
      })
    }
  })
})

/** The first TypeScript block of the README, and the first line of the output that the next text block promises. */
async function firstService(): Promise<{ source: string; answer: string }> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const [, source, output] = /^```ts(?: [^\n]*)?\n(.*?)^```$.*?^```text(?: [^\n]*)?\n(.*?)^```$/ms.exec(readme) ?? []
  assert.ok(source && output, 'README.md needs a ts block followed by the text block of what it prints')
  const [answer = ''] = output.split('\n')
  return { source, answer }
}

async function compile(file: string, compilerOptions: object, source: string): Promise<void> {
  await write(file, { compilerOptions, files: [source] })
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', file])
}

function write(file: string, content: string | object): Promise<void> {
  return writeFile(join(project, file), typeof content === 'string' ? content : JSON.stringify(content))
}

function tool(name: string, ...args: string[]): Promise<string> {
  return run(process.execPath, [join(root, 'node_modules/.bin', name), ...args])
}

/** Resolves with what the command printed; where it fails, all of that is the error, because compilers complain on stdout. */
function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((settle, reject) => {
    execFile(command, args, { cwd: project }, (error, stdout, stderr) => {
      if (error === null) settle(stdout)
      else reject(new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error.code }))
    })
  })
}
