import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AgentFront } from '../../../test/discovery/agent-front.ts'
import { MemoryEtcd } from '../../../test/discovery/memory-etcd.ts'
import { memoryGateway } from '../../../test/discovery/memory-gateway.ts'
import { passOn } from '../../../test/discovery/pass-on.ts'
import { settles, until } from '../../testing/conformance/harness-time.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { type EtcdInstancerOptions, etcdInstancer } from './instancer.ts'

const key = (id: string, service = 'bar') => `/services/${service}/${id}`

/** An etcd in memory, and an instancer of `bar` in it. */
async function opened(options: Partial<EtcdInstancerOptions> = {}, eventsPerMessage = 2) {
  const clock = manualClock()
  const etcd = new MemoryEtcd(clock)
  const fronts = [
    await AgentFront.open(memoryGateway(etcd, eventsPerMessage), clock),
    await AgentFront.open(memoryGateway(etcd), clock),
  ]
  const [front, other] = fronts as [AgentFront, AgentFront]
  const pass = (ms: number) => passOn(clock, ms)
  const time = { clock, pass }
  const errors: string[] = []
  const onError = ({ error }: { readonly error: Error }) => void errors.push(error.message)
  const instancer = etcdInstancer({ service: 'bar', url: front.url, clock, onError, ...options })
  return {
    ...time,
    etcd,
    front,
    other,
    instancer,
    errors,
    put: (...ids: readonly string[]) =>
      etcd.change(ids.map((id, at) => ({ key: key(id), value: `10.0.0.${at + 1}:80` }))),
    knows: (...ids: readonly string[]) =>
      until(
        time,
        () =>
          assert.deepEqual(
            instancer.current.instances?.map(({ id }) => id),
            ids,
          ),
        'the ids are known',
      ),
    [Symbol.asyncDispose]: async () => {
      await settles(time, Promise.resolve(instancer[Symbol.asyncDispose]()), 'it ends')
      for (const each of fronts) await each[Symbol.asyncDispose]()
    },
  }
}

describe('etcdInstancer', { timeout: 20_000 }, () => {
  it('says what it looks up', () => {
    assert.equal(etcdInstancer({ service: 'bar' }).name, 'bar in etcd at http://127.0.0.1:2379')
  })

  it('refuses options that make no sense', () => {
    const refused: readonly (readonly [object, string])[] = [
      [{}, 'service must be a text without a slash: what comes before one belongs to path'],
      [{ service: 'x', silenceMs: 999 }, 'silenceMs must be a number from 1000 to 2147483647, but is 999'],
      [{ service: 'x', timeoutMs: 0 }, 'timeoutMs must be a number from 1 to 2147483647, but is 0'],
    ]
    for (const [options, message] of refused) assert.throws(() => etcdInstancer(options as never), { message })
  })

  it('does not take barsvc2 for bar', async () => {
    await using setup = await opened()
    setup.etcd.change([{ key: key('9', 'barsvc2'), value: 'h:9' }])
    setup.put('1')
    setup.instancer.subscribe(() => {})
    await setup.knows('1')
    setup.etcd.change([{ key: key('8', 'barsvc2'), value: 'h:8' }])
    setup.put('1', '2')
    await setup.knows('1', '2')
  })

  it('leaves out what is no instance, and tells so', async () => {
    const leftOut: string[] = []
    await using setup = await opened({ onLeftOut: ({ name, entry: at }) => void leftOut.push(`${name}: ${at}`) })
    setup.put('1', '2')
    setup.etcd.change([{ key: key('odd'), value: '{' }])
    setup.instancer.subscribe(() => {})
    await setup.knows('1', '2')
    setup.etcd.change([{ key: key('2'), value: 'odd' }])
    await setup.knows('1')
    const name = `bar in etcd at ${setup.front.url}`
    assert.deepEqual(leftOut, [`${name}: ${key('odd')}`, `${name}: ${key('2')}`])
    // What is left makes no sense, and so what was known stays.
    setup.etcd.change([{ key: key('1'), value: 'odd' }])
    await until(setup, () => setup.instancer.current.error !== undefined, 'it fails')
    await setup.knows('1')
    setup.put('3')
    await setup.knows('3')
  })

  it('begins a watch that is silent anew, from where it was, and lists nothing again', async () => {
    await using setup = await opened({ silenceMs: 10_000 })
    setup.put('1')
    setup.instancer.subscribe(() => {})
    await setup.knows('1')
    await setup.pass(35_000)
    assert.deepEqual([setup.front.came('/v3/kv/range'), setup.front.came('/v3/watch')], [1, 4])
    setup.put('1', '2', '3', '4', '5')
    await setup.knows('1', '2', '3', '4', '5')
    assert.deepEqual([setup.front.came('/v3/kv/range'), setup.errors], [1, []])
  })

  it('takes a member for dead that does not begin a watch in time', async () => {
    await using setup = await opened({ silenceMs: 10_000 })
    setup.put('1')
    setup.instancer.subscribe(() => {})
    await setup.knows('1')
    await setup.front.delay(60_000)
    await setup.pass(15_100)
    assert.match(setup.errors[0] ?? '', /^etcd at .* did not answer within 5s$/)
    await setup.front.delay(0)
    setup.put('1', '2')
    await setup.knows('1', '2')
  })

  it('lists again what was compacted while nothing of it changed', async () => {
    await using setup = await opened({ silenceMs: 10_000 })
    setup.put('1')
    setup.instancer.subscribe(() => {})
    await setup.knows('1')
    for (let at = 0; at < 5; at++) setup.etcd.change([{ key: key(`${at}`, 'other'), value: 'h:1' }])
    setup.etcd.compact()
    await setup.pass(10_000)
    await until(setup, () => setup.front.came('/v3/kv/range') === 2, 'it lists again')
    setup.put('1', '2')
    await setup.knows('1', '2')
    assert.deepEqual(setup.errors, [])
  })

  it('does not miss who left at the very revision that was compacted to', async () => {
    await using setup = await opened({ silenceMs: 10_000 })
    const { etcd } = setup
    setup.put('1', '2')
    setup.instancer.subscribe(() => {})
    await setup.knows('1', '2')
    await setup.pass(9_000)
    // What was told on the way is lost, and nobody has noticed.
    etcd.deafen()
    etcd.change([], [key('2')])
    etcd.compact()
    await setup.knows('1', '2')
    await setup.pass(1_000)
    await setup.knows('1')
    assert.deepEqual(setup.errors, [])
  })

  it('keeps what it knows when a registry comes back without its memory', async () => {
    await using setup = await opened({ recoveryMs: 20_000 })
    setup.put('1', '2')
    setup.instancer.subscribe(() => {})
    await setup.knows('1', '2')
    setup.etcd.forget()
    // What it has told is over, too.
    await setup.front.stop()
    await setup.front.start()
    setup.etcd.change([{ key: key('2'), value: '10.0.0.2:80' }])
    await until(setup, () => setup.instancer.current.error === undefined && setup.errors.length > 0, 'it is back')
    await setup.knows('1', '2')
    await setup.pass(20_000)
    await setup.knows('2')
  })

  it('notices a loss of memory that nothing but the revision tells', async () => {
    await using setup = await opened({ silenceMs: 10_000 })
    setup.put('1', '2')
    setup.put('1', '2', '3')
    setup.instancer.subscribe(() => {})
    await setup.knows('1', '2', '3')
    setup.etcd.forget()
    await setup.pass(10_000)
    await until(setup, () => setup.errors.length > 0, 'it fails')
    assert.match(setup.errors[0] ?? '', /revision 1 after 3: it is another one, or was restored$/)
    assert.equal(setup.instancer.current.instances?.length, 3)
  })

  it('goes on at another member without a word, and loses nothing', async () => {
    await using setup = await opened()
    const { etcd, clock } = setup
    const dead = await AgentFront.open(memoryGateway(etcd), clock)
    const { url } = dead
    await dead[Symbol.asyncDispose]()
    const errors: Error[] = []
    const instancer = etcdInstancer({
      service: 'bar',
      url: [url, setup.front.url, setup.other.url],
      clock,
      onError: ({ error }) => errors.push(error),
    })
    const ids = () => instancer.current.instances?.map(({ id }) => id).join()
    setup.put('1')
    instancer.subscribe(() => {})
    await until(setup, () => ids() === '1', 'the first one is known')
    const stopped = setup.front.stop()
    setup.put('1', '2')
    await stopped
    await until(setup, () => ids() === '1,2', 'what changed meanwhile is known')
    assert.deepEqual([errors, setup.other.came('/v3/kv/range'), setup.other.came('/v3/watch')], [[], 0, 1])
    await settles(setup, Promise.resolve(instancer[Symbol.asyncDispose]()), 'it ends')
  })

  it('takes ten thousand in pages, and a change of them in fragments', async () => {
    await using setup = await opened({}, 1_000)
    const ids = Array.from({ length: 10_000 }, (_, at) => `${at}`.padStart(5, '0'))
    const all = (port: number) => setup.etcd.change(ids.map((id) => ({ key: key(id), value: `h:${port}` })))
    all(1)
    let told = 0
    setup.instancer.subscribe(() => told++)
    const areAt = (port: number) =>
      until(setup, () => setup.instancer.current.instances?.at(-1)?.address === `h:${port}`, 'all')
    await areAt(1)
    assert.deepEqual([setup.front.came('/v3/kv/range'), told], [20, 1])
    const [before, { revision }] = [told, setup.etcd]
    all(2)
    await areAt(2)
    // Ten messages about one revision: whoever hears of some of them hears of the last one.
    assert.ok(told > before && told <= before + 10)
    assert.deepEqual([setup.etcd.revision, setup.front.came('/v3/kv/range')], [revision + 1, 20])
  })
})
