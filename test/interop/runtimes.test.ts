// The fetch-style HTTP server, and the client over `fetch`, on Bun and Deno and as a Workers-style module.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { rootContext } from '../../src/core/context.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { httpClient } from '../../src/transport/http/client.ts'
import { service } from './runtimes/service.ts'

const folder = join(import.meta.dirname, 'runtimes')
const environment = {
  ...process.env,
  DENO_DIR: join(folder, 'node_modules', '.deno'),
  DENO_NO_UPDATE_CHECK: '1',
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0',
  DO_NOT_TRACK: '1',
}
const installLimitMs = 90_000

/** A runtime and how it runs a file. */
interface Runtime {
  readonly name: 'bun' | 'deno'
  readonly binary: string
  readonly run: readonly string[]
  /** Serves the default export of a module. */
  readonly serve: readonly string[]
}

const denoFlags = ['--no-check', '--no-lock', '--no-remote', '--allow-all']
// The packages put the binary in place with an install script, and scripts do not run here: this is where it lies before.
const wanted = [
  { name: 'bun', pattern: '@oven/bun-*/bin/bun*', run: ['--no-install'], serve: ['--no-install', '--port=0'] },
  { name: 'deno', pattern: '@deno/*/deno*', run: ['run', ...denoFlags], serve: ['serve', ...denoFlags, '--port=0'] },
] as const

/** Brings the runtimes unless they are here; gives those that start, and why the others do not. */
async function bring(): Promise<{ readonly runtimes: readonly Runtime[]; readonly missing: string }> {
  const problems: string[] = []
  if (!(await isInstalled())) {
    console.log('installing Bun and Deno into test/interop/runtimes (about 60 MB, once)')
    await promisify(execFile)('npm', ['ci', '--loglevel=error'], { cwd: folder, timeout: installLimitMs }).catch(
      (error) =>
        problems.push(
          `npm ci failed: ${
            String(error.stderr || error.message)
              .trim()
              .split('\n')[0]
          }`,
        ),
    )
  }
  const found = await Promise.all(
    wanted.map(async ({ name, pattern, run, serve }) => {
      for (const binary of globSync(`node_modules/${pattern}`, { cwd: folder }).map((path) => join(folder, path))) {
        const starts = await promisify(execFile)(binary, ['--version'], { env: environment, timeout: 20_000 }).then(
          () => true,
          () => false,
        )
        if (starts) return [{ name, binary, run, serve }]
      }
      problems.push(`${name} has no binary that starts on ${process.platform} ${process.arch}`)
      return []
    }),
  )
  return { runtimes: found.flat(), missing: problems.join('; ') }
}

async function isInstalled(): Promise<boolean> {
  const { dependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const versions = Object.entries(dependencies).map(async ([name, version]) => {
    const path = join(folder, 'node_modules', name, 'package.json')
    return readFile(path, 'utf8').then(
      (json) => JSON.parse(json).version === version,
      () => false,
    )
  })
  return (await Promise.all(versions)).every(Boolean)
}

const children = new Set<ChildProcess>()

function start({ binary }: Runtime, args: readonly string[]) {
  const child = spawn(binary, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return { child, lines: createInterface({ input: child.stdout }), errors: text(child.stderr) }
}

/** Starts a server and waits for the line that says where it listens. */
async function started(runtime: Runtime, args: readonly string[]) {
  const { child, lines, errors } = start(runtime, args)
  // Deno says it on stderr.
  const output = createInterface({ input: child.stderr })
  const url = await new Promise<string>((resolve, reject) => {
    for (const source of [lines, output]) {
      source.on('line', (line) => {
        const [, port] = /https?:\/\/[\w.[\]:]*?:(\d+)/.exec(line) ?? []
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`)
      })
    }
    child.once('exit', async (code) => reject(new Error(`${runtime.name} ended with ${code}: ${await errors}`)))
  })
  return { child, url, lines }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill(signal)
  const [code] = await exit
  return code
}

/** Sends bytes as they are, and gives what comes back until the other side closes or `enough` holds. */
async function raw(url: string, bytes: string, enough: (reply: string) => boolean): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let reply = ''
  socket.setEncoding('latin1')
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    reply += chunk
  })
  socket.write(bytes)
  let isClosed = false
  socket.once('close', () => {
    isClosed = true
  })
  await eventually(() => enough(reply) || isClosed)
  socket.destroy()
  return reply
}

const isWhole = (reply: string) => /\r\n\r\n[\s\S]*\}\n/.test(reply)
const json = { 'content-type': 'application/json' }
const failsWith = (code: string) => (thrown: unknown) => thrown instanceof ServiceError && thrown.code === code

async function problem(reply: Response, status: number): Promise<void> {
  assert.equal(reply.status, status)
  assert.equal(reply.headers.get('content-type'), 'application/problem+json')
  assert.equal(((await reply.json()) as { status: number }).status, status)
}

const { runtimes, missing } = await bring()
after(() => {
  for (const child of children) child.kill('SIGKILL')
})

describe('the runtimes', () => {
  it('are here', (t) => {
    if (missing === '') return
    if (process.env['CI']) assert.fail(missing)
    t.skip(missing)
  })
})

for (const runtime of runtimes) {
  describe(`the fetch server on ${runtime.name}`, () => {
    let url: string
    let client: ReturnType<typeof httpClient<(typeof service)['methods']>>
    let child: ChildProcess
    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers: { ...json, ...headers } })
    const endedWith = (what: string) =>
      eventually(async () => (await client.ended(null)).includes(what) || Promise.reject(new Error(`no "${what}"`)))

    before(async () => {
      ;({ child, url } = await started(runtime, [...runtime.run, `${runtime.name}.ts`]))
      client = httpClient(service, { baseUrl: url })
    })
    after(async () => {
      await client[Symbol.asyncDispose]()
      await stop(child, 'SIGKILL')
    })

    it('answers a call, and says who called', async () => {
      assert.deepEqual(await client.shout({ text: 'grüße' }), { text: 'GRÜSSE' })
      assert.match(await client.peer(null), /^127\.0\.0\.1:\d+$/)
    })

    it('answers what goes wrong with problem documents', async () => {
      await problem(await post('/shout', { text: 1 }), 400)
      await problem(await fetch(`${url}/shout`, { method: 'POST', body: '{', headers: json }), 400)
      await problem(await fetch(`${url}/nothing`), 404)
      const wrong = await fetch(`${url}/shout`)
      assert.equal(wrong.headers.get('allow'), 'OPTIONS, POST')
      await problem(wrong, 405)
    })

    it('answers OPTIONS, HEAD and GET', async () => {
      const options = await fetch(`${url}/shout`, { method: 'OPTIONS' })
      assert.deepEqual([options.status, options.headers.get('allow')], [204, 'OPTIONS, POST'])
      const head = await fetch(`${url}/page`, { method: 'HEAD' })
      assert.deepEqual([head.status, await head.text()], [200, ''])
      assert.equal(await (await fetch(`${url}/page`)).text(), 'GET /page')
    })

    it('refuses by its length a body that is too large, before it comes', async () => {
      const head =
        'POST /shout HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2000000\r\n\r\n'
      assert.match(await raw(url, head, isWhole), /^HTTP\/1\.1 413 [\s\S]*"code":"invalid_argument"/)
    })

    it('refuses a body that is too large while it comes in chunks', async () => {
      const head =
        'POST /shout HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'
      const chunk = `20000\r\n${'x'.repeat(0x20000)}\r\n`
      assert.match(await raw(url, head + chunk.repeat(9), isWhole), /^HTTP\/1\.1 413 [\s\S]*"code":"invalid_argument"/)
    })

    it('refuses a body that does not come in time', async () => {
      const head = 'POST /shout HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{'
      assert.match(await raw(url, head, isWhole), /^HTTP\/1\.1 408 [\s\S]*"code":"deadline_exceeded"/)
    })

    it('streams NDJSON, each message as soon as it is there', async () => {
      const lines = await post('/count', { to: 3 })
      assert.equal(lines.headers.get('content-type'), 'application/x-ndjson')
      assert.equal(await lines.text(), '{"n":1}\n{"n":2}\n{"n":3}\n')
      const stream = (await client.count({ to: 2, everyMs: 200 }))[Symbol.asyncIterator]()
      assert.equal((await stream.next()).value?.n, 1)
      assert.equal((await client.ended(null)).at(-1), 'count whole', 'the stream before')
      assert.equal((await stream.next()).value?.n, 2)
      assert.equal((await stream.next()).done, true)
    })

    it(`begins a stream ${runtime.name === 'bun' ? 'with' : 'before'} its first message`, async () => {
      const opening = client.count({ to: 1, gated: true })
      const begun = await Promise.race([opening, eventually(() => false, 1_000).catch(() => undefined)])
      await client.open(null)
      for await (const _ of await opening);
      // Bun 1.4 keeps the headers back until there is a piece of the body, whatever kind of stream it is.
      assert.equal(begun !== undefined, runtime.name !== 'bun')
    })

    it('streams events to whoever asks for them', async () => {
      const events = await post('/count', { to: 1 }, { accept: 'text/event-stream' })
      assert.equal(events.headers.get('content-type'), 'text/event-stream')
      assert.equal(await events.text(), 'data: {"n":1}\n\nevent: end\ndata:\n\n')
    })

    it('takes a stream of requests', async () => {
      const numbers = async function* () {
        for (let n = 1; n <= 1_000; n++) yield n
      }
      assert.equal(await client.add(numbers()), 500_500)
    })

    it('keeps the deadline of the caller', async () => {
      await problem(await post('/wait', { ms: 5_000 }, { 'request-timeout-ms': '100' }), 504)
      await endedWith('wait deadline_exceeded')
    })

    it('tells the handler that its caller has gone', async () => {
      using ctx = rootContext().withCancel()
      const call = client.wait({ ms: 20_000 }, { ctx, timeoutMs: 20_000 })
      call.catch(() => {})
      await client.peer(null)
      ctx.cancel()
      await assert.rejects(call, failsWith('canceled'))
      await endedWith('wait canceled')
    })

    it('closes the stream of a reader that leaves, and of one that has only part of it', async () => {
      for await (const { n } of await client.count({ to: 1_000_000, everyMs: 10 })) if (n === 3) break
      await endedWith('count early')
    })

    it('writes a stream no faster than it is read', async () => {
      const before = (await client.ended(null)).length
      const stream = (await client.count({ to: 4_000, padding: 'x'.repeat(8_192) }))[Symbol.asyncIterator]()
      await stream.next()
      await eventually(() => false, 300).catch(() => {})
      assert.equal((await client.ended(null)).length, before, 'the handler wrote 32 MB that nobody read')
      let count = 1
      for (let result = await stream.next(); !result.done; result = await stream.next()) count++
      assert.equal(count, 4_000)
    })

    it('breaks off a body that fails, so that its caller does not take it for whole', async () => {
      await assert.rejects(fetch(`${url}/broken`).then((reply) => reply.text()))
    })

    it('drains when it closes: calls and streams end, new ones are refused, and the process ends by itself', async () => {
      const own = await started(runtime, [...runtime.run, `${runtime.name}.ts`])
      await using calls = httpClient(service, { baseUrl: own.url })
      const stream = (await calls.count({ to: 4, everyMs: 150 }))[Symbol.asyncIterator]()
      assert.equal((await stream.next()).value?.n, 1)
      const call = calls.wait({ ms: 600 })
      await calls.peer(null)
      const exit = stop(own.child, 'SIGTERM')
      await eventually(() => calls.peer(null).then(() => false, failsWith('unavailable')))
      assert.equal(await call, 'done')
      let last = 1
      for (let result = await stream.next(); !result.done; result = await stream.next()) last = result.value.n
      assert.equal(last, 4)
      assert.equal(await exit, 0)
    })

    it('serves a module whose default export is the server', async () => {
      const own = await started(runtime, [...runtime.serve, 'worker.ts'])
      await using calls = httpClient(service, { baseUrl: own.url })
      assert.deepEqual(await calls.shout({ text: 'a' }), { text: 'A' })
      await stop(own.child, 'SIGKILL')
    })
  })

  it(`the process is measured on ${runtime.name}, but for what it has not`, async () => {
    const { lines, errors } = start(runtime, [...runtime.run, 'metrics.ts'])
    let page = ''
    for await (const line of lines) page += line
    const variables = JSON.parse(page || assert.fail(await errors)) as Readonly<Record<string, unknown>>
    for (const name of ['process.memory.usage', 'process.memory.heap.used', 'process.uptime'])
      assert.ok(Number(variables[name]) > 0, `${name} is ${variables[name]}`)
    assert.match(JSON.stringify(variables['process.runtime.info']), new RegExp(`name=${runtime.name}"`))
    assert.deepEqual(
      Object.keys(variables).filter((name) => /^nodejs\.|^v8js\.gc/.test(name)),
      [],
      'what is there of the event loop is not what Node means by it',
    )
  })

  // Both ends run there, so this proves the client over `fetch`, too.
  it(`the fetch server and the client over fetch pass the conformance suite on ${runtime.name}`, async (t) => {
    const { child, lines, errors } = start(runtime, [...runtime.run, 'suite.ts'])
    let passed = 0
    for await (const line of lines) {
      const { name, failure } = JSON.parse(line) as { readonly name: string; readonly failure: string | null }
      await t.test(name, () => assert.equal(failure, null, failure ?? ''))
      passed++
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    assert.equal(child.exitCode, 0, await errors)
    assert.ok(passed > 50, `only ${passed} cases ran`)
  })
}

describe('the fetch server as a module for Workers', () => {
  const bundled = build({
    entryPoints: [join(folder, 'worker.ts')],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'neutral',
    format: 'iife',
    globalName: 'worker',
    target: 'es2024',
  })

  it('answers a Request', async () => {
    const { default: worker } = await import('./runtimes/worker.ts')
    const request = new Request('http://a.test/shout', { method: 'POST', body: '{"text":"a"}' })
    assert.deepEqual(await (await worker.fetch(request, {}, {})).json(), { text: 'A' })
  })

  it('imports nothing but files of its own', async () => {
    const { metafile } = await bundled
    // `<runtime>` is what esbuild itself puts in for syntax that is newer than the target.
    const inputs = Object.values(metafile.inputs)
    assert.deepEqual(
      inputs.flatMap(({ imports }) => imports.filter(({ external, path }) => external && path !== '<runtime>')),
      [],
    )
    assert.ok(Object.keys(metafile.inputs).every((path) => /(?:^|\/)(?:src|runtimes)\//.test(path)))
  })

  it('runs where there is the web platform alone, and where nothing may be timed or drawn while modules load', async () => {
    const { outputFiles } = await bundled
    const isLoading = { now: true }
    const later = <F extends (...args: never[]) => unknown>(allowed: F) =>
      ((...args: never[]) => {
        if (isLoading.now) throw new Error('not allowed while modules load')
        return allowed(...args)
      }) as F
    const web = {
      ...{ Request, Response, Headers, URL, ReadableStream, TextEncoder, TextDecoder, AbortController, AbortSignal },
      ...{ Event, EventTarget, DOMException, performance, console, queueMicrotask, structuredClone, clearTimeout },
      // A number and no object, as on the web.
      setTimeout: later((run: () => void, ms: number) => Number(setTimeout(run, ms))),
      crypto: {
        randomUUID: later(() => crypto.randomUUID()),
        getRandomValues: later((array: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(array)),
      },
    }
    const { fetch } = runInContext(`${outputFiles[0]?.text}; worker.default`, createContext(web))
    isLoading.now = false
    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(new Request(`http://a.test${path}`, { method: 'POST', body: JSON.stringify(body), headers }), {}, {})
    assert.deepEqual(await (await post('/shout', { text: 'a' })).json(), { text: 'A' })
    assert.equal((await post('/shout', { text: 1 })).status, 400)
    assert.equal((await post('/wait', { ms: 5_000 }, { 'request-timeout-ms': '20' })).status, 504)
    assert.equal(await (await post('/count', { to: 2 })).text(), '{"n":1}\n{"n":2}\n')
    assert.equal(await (await post('/add', 1)).text(), '1\n')
    assert.equal(await (await fetch(new Request('http://a.test/page'))).text(), 'GET /page')
  })
})
