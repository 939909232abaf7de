// The example as a newcomer runs it: the program, curl and the typed client, each in a process of its own.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
let server: ChildProcess
let url = ''

before(async () => {
  const args = ['main.ts', '--port', '0', '--host', '127.0.0.1']
  server = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(server.stdout as NodeJS.ReadableStream, 'data')
  url = /http:\S+/.exec(String(line))?.[0] ?? assert.fail(`no address in ${line}`)
})

after(async () => {
  server.kill('SIGTERM')
  const [code] = await once(server, 'exit')
  assert.equal(code, 0)
})

/** What curl prints, and the status. */
async function curl(...args: string[]): Promise<{ body: string; status: number }> {
  const { stdout } = await run('curl', ['-s', '-w', '%{http_code}', ...args])
  return { body: stdout.slice(0, -3), status: Number(stdout.slice(-3)) }
}

describe('stringsvc1', () => {
  it('answers the walk-through’s curl lines', async () => {
    assert.deepEqual(await curl('-XPOST', '-d{"s":"hello, world"}', `${url}/uppercase`), {
      body: '{"v":"HELLO, WORLD","err":null}\n',
      status: 200,
    })
    assert.deepEqual(await curl('-XPOST', '-d{"s":"hello, world"}', `${url}/count`), {
      body: '{"v":12}\n',
      status: 200,
    })
  })

  it('answers GET with a JSON body', async () => {
    const { body } = await curl('-XGET', '-d{"s":"abc"}', `${url}/uppercase`)
    assert.equal(body, '{"v":"ABC","err":null}\n')
  })

  it('answers the empty string with its business error and 200', async () => {
    assert.deepEqual(await curl('-XPOST', '-d{"s":""}', `${url}/uppercase`), {
      body: '{"v":"","err":"empty string"}\n',
      status: 200,
    })
  })

  it('counts bytes of UTF-8', async () => {
    assert.equal((await curl('-XPOST', '-d{"s":"żółć€😀"}', `${url}/count`)).body, '{"v":15}\n')
  })

  it('answers a bad request with 400 and says what is wrong', async () => {
    const { body, status } = await curl('-XPOST', '-d{"s":1}', `${url}/count`)
    assert.equal(status, 400)
    const problem = JSON.parse(body)
    assert.equal(problem.code, 'invalid_argument')
    assert.equal(problem.details[0].path, 's')
  })

  it('is called by its typed client', async () => {
    const env = { ...process.env, STRINGSVC_URL: url }
    const { stdout } = await run(process.execPath, ['client.ts', 'hello', ''], { cwd: import.meta.dirname, env })
    assert.equal(stdout, '"hello": HELLO, 5 bytes\n"": empty string, 0 bytes\n')
  })
})
