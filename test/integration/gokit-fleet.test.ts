// Fleets of stringsvc3 in which Go kit's processes and ours stand side by side, whoever is the proxy.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allOf, assertAllAnswer, assertRoundRobin, Member, reasonOfNobody } from '../platform/stringsvc3.ts'
import { skipUnless } from '../servers/addresses.ts'

const { ours, gokit } = Member
type Start = typeof ours

const proxies: readonly (readonly [string, Start])[] = [
  ['our proxy', ours],
  ["Go kit's proxy", gokit],
]
const fleets: readonly (readonly [string, readonly Start[]])[] = [
  ['three instances of ours', [ours, ours, ours]],
  ["three of Go kit's", [gokit, gokit, gokit]],
  ['some of both', [ours, gokit, ours]],
]

const lineOfFoo =
  /^listen=\S+ caller=\w+\.(?:ts|go):\d+ method=uppercase input=foo output=FOO err=null took=[\d.]+(?:ns|µs|ms)$/

describe('stringsvc3 in a fleet with Go kit', skipUnless('gokit'), () => {
  // Go kit's alone are Go kit's own matter.
  for (const [name, startProxy] of proxies)
    for (const [of, starts] of fleets)
      if (startProxy === ours || starts.includes(ours))
        it(`${name} goes to ${of} in turn, and all is answered when one of them is down`, async () => {
          await using held = new AsyncDisposableStack()
          const instances = await allOf(
            held,
            starts.map((start) => start()),
          )
          const list = instances.map(({ address }) => address)
          const proxy = held.use(await startProxy(`--proxy=${list.join(',')}`))
          await assertRoundRobin(proxy, instances)
          assert.equal((await proxy.uppercase('')).err, 'empty string')
          assert.deepEqual(JSON.parse((await proxy.curl('/count', '{"s":"żółć"}')).body), { v: 8 })
          // The proxy's line, and that of the instance which did it.
          const lines = [proxy, ...instances].flatMap(({ program }) => program.linesLike(/ input=foo /))
          assert.equal(lines.length, 2)
          for (const line of lines) assert.match(line, lineOfFoo)
          await instances[1]?.program.end('SIGKILL')
          await assertAllAnswer(proxy, 12)
          for (const each of [instances[0], instances[2]]) await each?.program.end('SIGKILL')
          if (startProxy === ours) assert.match(await reasonOfNobody(proxy), /connection refused/)
          // Its proxy calls that a good reply.
          else assert.match((await proxy.uppercase('x')).err ?? '', /connection refused/)
        })

  it('our proxy goes to a path that is in the list', async () => {
    await using held = new AsyncDisposableStack()
    const [instance] = (await allOf(held, [gokit()])) as [Member]
    const proxy = held.use(await ours(`--proxy=http://${instance.address}/uppercase?from=us`))
    await assertRoundRobin(proxy, [instance])
  })
})
