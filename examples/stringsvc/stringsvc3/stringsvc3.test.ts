// The example as a newcomer runs it: three instances, a proxy and curl, each in a process of its own.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from 'servicekit/testing/eventually'
import { allOf, assertAllAnswer, assertRoundRobin, Member, reasonOfNobody } from '../../../test/platform/stringsvc3.ts'

const main = join(import.meta.dirname, 'main.ts')
const refused = 'connection refused'

describe('stringsvc3', () => {
  it('answers the walk-through’s lines with three instances, in turn, and says so as Go kit does', async () => {
    await using held = new AsyncDisposableStack()
    const instances = await allOf(held, [Member.ours(), Member.ours(), Member.ours()])
    const list = instances.map(({ address }) => address)
    const proxy = held.use(await Member.ours(`--proxy=${list.join(',')}`))
    await assertRoundRobin(proxy, instances)
    assert.equal((await proxy.curl('/uppercase', '{"s":"foo"}')).body, '{"v":"FOO","err":null}\n')
    for (const { program } of instances) {
      const [first, second, ...calls] = program.lines
      assert.match(first ?? '', /^listen=127\.0\.0\.1:0 caller=main\.ts:\d+ proxy_to=none$/)
      assert.match(second ?? '', /^listen=127\.0\.0\.1:0 caller=main\.ts:\d+ msg=HTTP addr=127\.0\.0\.1:\d+$/)
      for (const line of calls)
        assert.match(
          line,
          /^listen=127\.0\.0\.1:0 caller=logging\.ts:\d+ method=uppercase input=(\w+) output=[A-Z]+ err=null took=[\d.]+(ns|µs|ms)$/,
        )
    }
    const [line = ''] = proxy.program.lines
    assert.ok(line.endsWith(` proxy_to="[${list.join(' ')}]"`), line)
  })

  it('counts where it is asked', async () => {
    await using held = new AsyncDisposableStack()
    const [instance] = (await allOf(held, [Member.ours()])) as [Member]
    const proxy = held.use(await Member.ours(`--proxy=${instance.address}`))
    assert.equal((await proxy.curl('/count', '{"s":"hello, world"}')).body, '{"v":12}\n')
    await eventually(() => assert.equal(proxy.program.linesLike(/ method=count /).length, 1), 5_000)
    assert.equal(instance.program.linesLike(/ method=count /).length, 0)
  })

  it('answers right with an instance that hangs and one that is gone, and says why when all are', async () => {
    await using held = new AsyncDisposableStack()
    const instances = await allOf(held, [Member.ours(), Member.ours(), Member.ours()])
    const [first, second, third] = instances as [Member, Member, Member]
    const proxy = held.use(await Member.ours(`--proxy=${instances.map(({ address }) => address).join(',')}`))
    await assertAllAnswer(proxy, 3)
    first.program.signal('SIGSTOP')
    await assertAllAnswer(proxy, 3)
    first.program.signal('SIGCONT')
    await first.program.end('SIGKILL')
    await assertAllAnswer(proxy, 20)
    assert.equal(await second.program.end(), 0)
    assert.equal(await third.program.end(), 0)
    const reason = await reasonOfNobody(proxy)
    // The one that is gone for long is passed over.
    for (const { address } of [second, third]) assert.ok(reason.includes(`http://${address}: ${refused}`), reason)
    const { body } = await proxy.curl('/count', '{"s":"abc"}')
    assert.equal(body, '{"v":3}\n')
  })

  it('finds instances that announce themselves in the local registry, and sees them go', async () => {
    await using held = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'stringsvc3-'))
    held.defer(() => rm(folder, { recursive: true, force: true }))
    const proxy = held.use(await Member.ours(`--discover=local:${folder}`))
    assert.match(
      await reasonOfNobody(proxy),
      /^no instance to call: stringsvc in the local registry at .*, which had 0 /,
    )
    const announced = () => Member.ours(`--register=local:${folder}`)
    const instances = await allOf(held, [announced(), announced(), announced()])
    const knows = (count: number) =>
      eventually(
        () => assert.match(proxy.program.linesLike(/ instances=/).at(-1) ?? '', new RegExp(`=${count}$`)),
        10_000,
      )
    await knows(3)
    await assertRoundRobin(proxy, instances)
    const [first, second, third] = instances as [Member, Member, Member]
    await first.program.end('SIGKILL')
    await assertAllAnswer(proxy, 6)
    assert.equal(await second.program.end(), 0)
    await knows(1)
    await assertAllAnswer(proxy, 2)
    assert.equal(await third.program.end(), 0)
    await knows(0)
    assert.match(await reasonOfNobody(proxy), /which had 0 when it was last seen/)
    assert.equal(await proxy.program.end(), 0)
  })

  it('explains its flags, and refuses those that make no sense', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, '--help'])
    assert.match(stdout, /--proxy +sends uppercase to these instances in turn/)
    await assert.rejects(promisify(execFile)(process.execPath, [main, '--listen', 'nowhere']), (error: Error) => {
      assert.match(error.message, /--listen must be host:port or :port, but is "nowhere"\n\nmain\.ts \[--listen/)
      assert.equal((error as { code?: unknown }).code, 2)
      return true
    })
  })
})
