// The example as a newcomer runs it: both programs and curl, each in a process of its own.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from 'servicekit/testing/eventually'

const run = promisify(execFile)

/** A program that runs, where it listens, and the lines that it has printed. */
class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  #printed = ''
  url = ''

  private constructor(file: string) {
    const args = [file, '--port', '0', '--host', '127.0.0.1']
    this.#child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text
    })
  }

  static async start(file: string): Promise<Program> {
    const program = new Program(file)
    await eventually(() => assert.match(program.#printed, /url=http/), 10_000)
    program.url = /http:\S+/.exec(program.#printed)?.[0] ?? ''
    return program
  }

  get lines(): readonly string[] {
    return this.#printed.split('\n').slice(0, -1)
  }

  async curl(path: string, body?: string): Promise<string> {
    const { stdout } = await run('curl', [
      '-s',
      ...(body === undefined ? [] : ['-XPOST', `-d${body}`]),
      this.url + path,
    ])
    return stdout
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    const [code] = await once(this.#child, 'exit')
    assert.equal(code, 0)
  }
}

const took = /(?<= took=)[\d.]+(?:ns|µs|ms)(?=$| )/

describe('stringsvc2', () => {
  it('logs the walk-through’s curl lines', async () => {
    await using program = await Program.start('main.ts')
    assert.equal(await program.curl('/uppercase', '{"s":"hello, world"}'), '{"v":"HELLO, WORLD","err":null}\n')
    assert.equal(await program.curl('/count', '{"s":"hello, world"}'), '{"v":12}\n')
    await eventually(() => assert.equal(program.lines.length, 3), 5_000)
    assert.deepEqual(
      program.lines.slice(1).map((line) => line.replace(took, '1µs')),
      [
        'method=uppercase input="hello, world" output="HELLO, WORLD" err=null took=1µs',
        'method=count input="hello, world" n=12 took=1µs',
      ],
    )
  })

  it('shows its metrics on the same port', async () => {
    await using program = await Program.start('main.ts')
    for (const s of ['a', 'bc', '']) await program.curl('/uppercase', JSON.stringify({ s }))
    await program.curl('/count', '{"s":"hello, world"}')
    const page = (await program.curl('/metrics')).split('\n')
    const group = 'my_group_string_service'
    assert.ok(page.includes(`# TYPE ${group}_request_count counter`))
    assert.ok(page.includes(`${group}_request_count{method="uppercase",error="false"} 2`))
    assert.ok(page.includes(`${group}_request_count{method="uppercase",error="true"} 1`))
    assert.ok(page.includes(`${group}_request_latency_microseconds_count{method="count",error="false"} 1`))
    assert.ok(page.includes(`${group}_count_result{quantile="0.99"} 12`))
    const latency = page.find((line) => line.startsWith(`${group}_request_latency_microseconds{method="count"`))
    const logged = program.lines.find((line) => line.startsWith('method=count'))
    const microseconds = Number(latency?.split(' ').at(-1))
    // A microsecond at least, and less than a second: seconds or milliseconds would be other numbers.
    assert.ok(microseconds >= 1 && microseconds < 1e6, `${latency}; ${logged}`)
  })

  it('does the same with presets, for every method by itself', async () => {
    await using program = await Program.start('presets.ts')
    assert.equal(await program.curl('/uppercase', '{"s":"hello, world"}'), '{"v":"HELLO, WORLD","err":null}\n')
    await program.curl('/uppercase', '{"s":""}')
    assert.match(await program.curl('/count', '{"s":1}'), /"code":"invalid_argument"/)
    await eventually(() => assert.equal(program.lines.length, 6), 5_000)
    const [, , , good = '', failed = '', bad = ''] = program.lines
    assert.match(
      good,
      /level=info msg="served stringsvc\/uppercase ok" .* method=stringsvc\/uppercase code=ok took=\S+ peer=127\.0\.0\.1:\d+$/,
    )
    assert.match(failed, /level=warn .* failure="empty string"/)
    assert.match(bad, /level=info .* method=stringsvc\/count code=invalid_argument took=\S+ error=".*" peer=/)
    const page = await program.curl('/metrics')
    const calls = 'rpc_server_calls_total{rpc_method="stringsvc/'
    assert.ok(page.includes(`${calls}uppercase",rpc_response_status_code="ok"} 1\n`))
    assert.ok(page.includes(`${calls}uppercase",rpc_response_status_code="failed"} 1\n`))
    assert.ok(page.includes(`${calls}count",rpc_response_status_code="invalid_argument"} 1\n`))
    assert.match(page, /^nodejs_eventloop_utilization/m)
  })
})
