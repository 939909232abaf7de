// Fleets of stringsvc3: instances and proxies as processes of their own, ours and Go kit's, and what becomes of calls to them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../../src/testing/eventually.ts'
import { addressOf } from '../servers/addresses.ts'
import { freePorts } from '../servers/free-ports.ts'
import { type Environment, Program } from './program.ts'

const run = promisify(execFile)
const main = join(import.meta.dirname, '../../examples/stringsvc/stringsvc3/main.ts')

/** A process of a fleet. */
export class Member implements AsyncDisposable {
  readonly program: Program
  /** `host:port`. */
  readonly address: string

  private constructor(program: Program, address: string) {
    this.program = program
    this.address = address
  }

  /** One of ours, on a free port of loopback. */
  static ours(...flags: readonly string[]): Promise<Member> {
    return Member.with({}, ...flags)
  }

  /** One of ours, in another environment. */
  static async with(env: Environment, ...flags: readonly string[]): Promise<Member> {
    const args = [main, '--listen=127.0.0.1:0', ...flags]
    const program = await Program.start(process.execPath, args, /msg=HTTP addr=\S+\n/, env)
    const address = /msg=HTTP addr=(\S+)/.exec(program.lines.join('\n'))?.[1]
    return new Member(program, address ?? assert.fail('no address'))
  }

  /** One of Go kit's, on a free port of loopback. */
  static async gokit(...flags: readonly string[]): Promise<Member> {
    const { http } = await freePorts(['http'])
    const address = `127.0.0.1:${http}`
    const args = [`-listen=${address}`, ...flags]
    const program = await Program.start(addressOf('gokit', 'stringsvc3'), args, /msg=HTTP/)
    // It says so before it listens.
    await eventually(() => fetch(`http://${address}/count`, { method: 'POST', body: '{"s":""}' }), 10_000)
    return new Member(program, address)
  }

  /** What curl prints, and the status. */
  async curl(path: string, body: string): Promise<{ body: string; status: number }> {
    const url = `http://${this.address}${path}`
    const { stdout } = await run('curl', ['-s', '--max-time', '10', '-w', '%{http_code}', `-d${body}`, url])
    return { body: stdout.slice(0, -3), status: Number(stdout.slice(-3)) }
  }

  /** The reply of uppercase, which must be a good one. */
  async uppercase(s: string): Promise<{ v: string; err?: string | null }> {
    const { body, status } = await this.curl('/uppercase', JSON.stringify({ s }))
    assert.equal(status, 200, body)
    return JSON.parse(body)
  }

  /** What it was asked to upper-case. */
  get inputs(): readonly string[] {
    return this.program.lines.flatMap((line) => / method=uppercase input=(\S+) /.exec(line)?.[1] ?? [])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program[Symbol.asyncDispose]()
  }
}

/** Many at once: they take longest to start. Those that did are ended when another one does not. */
export async function allOf(
  held: AsyncDisposableStack,
  starting: readonly Promise<Member>[],
): Promise<readonly Member[]> {
  const started = await Promise.allSettled(starting)
  for (const one of started) if (one.status === 'fulfilled') held.use(one.value)
  return started.map((one) => (one.status === 'fulfilled' ? one.value : assert.fail(one.reason)))
}

/** Sends each word once, and says that each instance got one of them, and the same one as it said it gave back. */
export async function assertRoundRobin(proxy: Member, instances: readonly Member[]): Promise<void> {
  // The first calls of a process take longest, and one that takes too long goes to a second instance.
  for (const instance of instances) assert.equal((await proxy.uppercase('warm')).v, 'WARM', instance.address)
  const words = ['foo', 'bar', 'baz'].slice(0, instances.length)
  for (const word of words) {
    const { v, err = null } = await proxy.uppercase(word)
    assert.deepEqual({ v, err }, { v: word.toUpperCase(), err: null })
  }
  await eventually(() => {
    const got = instances.map(({ inputs }) => inputs.filter((input) => words.includes(input)))
    for (const inputs of got) assert.equal(inputs.length, 1, JSON.stringify(got))
    assert.deepEqual(got.flat().sort(), words.toSorted())
  }, 5_000)
}

/** Sends quick calls, more than a breaker takes to open and an instance to be its turn again. */
export async function assertAllAnswer(proxy: Member, calls: number): Promise<void> {
  for (let call = 0; call < calls; call++) assert.equal((await proxy.uppercase(`word${call}`)).v, `WORD${call}`)
}

/** Says that it is answered in time that nobody is there, and gives the reason. */
export async function reasonOfNobody(proxy: Member): Promise<string> {
  const { body, status } = await proxy.curl('/uppercase', '{"s":"nobody"}')
  assert.equal(status, 503, body)
  const { code, detail } = JSON.parse(body)
  assert.equal(code, 'unavailable')
  return detail
}
