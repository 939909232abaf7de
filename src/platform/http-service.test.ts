import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedAgent } from '../../test/discovery/scripted-agent.ts'
import { eventually } from '../testing/eventually.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { HttpService } from './http-service.ts'
import { checkedHttpService, type HttpServiceOptions } from './http-service-options.ts'

const checked = (options: HttpServiceOptions) =>
  checkedHttpService(options, {
    kind: 'consul',
    defaultUrl: 'http://127.0.0.1:8500',
    authorization: (token) => ({ 'x-consul-token': token }),
  })
const never = new AbortController().signal
const to = (agent: ScriptedAgent, options?: HttpServiceOptions) =>
  new HttpService(checked({ url: agent.url, ...options }))

/** What a request fails with when it is answered like this. */
async function refused(status: number, body: string, options?: HttpServiceOptions) {
  await using agent = await ScriptedAgent.open()
  await using connection = to(agent, options)
  const asking = connection.ask('/v1/x', { signal: never })
  ;(await agent.next()).answer(status, body)
  const error = await asking.then(
    () => assert.fail('it was not refused'),
    (thrown) => thrown,
  )
  return { code: error.code, message: error.message.replace(agent.url, 'URL') }
}

describe('HttpService', { timeout: 10_000 }, () => {
  it('sends method, path, token and body, and gives the reply', async () => {
    await using agent = await ScriptedAgent.open()
    await using connection = to(agent, { url: `${agent.url}/behind/`, token: 'sesame' })
    const asking = connection.ask('/v1/x?a=%2F', { method: 'PUT', body: { Name: 'ä' }, signal: never })
    const asked = await agent.next()
    asked.answer(200, 'yes')
    assert.equal(new TextDecoder().decode((await asking).body), 'yes')
    assert.deepEqual(
      [asked.line, asked.headers['x-consul-token'], asked.body],
      ['PUT /behind/v1/x?a=/', 'sesame', '{"Name":"ä"}'],
    )
  })

  it('asks for the token before each request', async () => {
    await using agent = await ScriptedAgent.open()
    const tokens = ['one', '']
    await using connection = to(agent, { token: async () => tokens.shift() ?? '' })
    for (const token of ['one', undefined]) {
      const asking = connection.ask('/v1/x', { signal: never })
      const asked = await agent.next()
      asked.answer(200)
      await asking
      assert.equal(asked.headers['x-consul-token'], token)
    }
  })

  it('says what the agent says, and by which code', async () => {
    assert.deepEqual(await refused(500, 'No cluster leader\n'), {
      code: 'unavailable',
      message: 'consul at URL answered 500: No cluster leader',
    })
    assert.deepEqual(await refused(403, 'ACL not found'), {
      code: 'permission_denied',
      message: 'consul at URL answered 403: ACL not found (token)',
    })
    assert.deepEqual(await refused(400, ''), { code: 'invalid_argument', message: 'consul at URL answered 400' })
    assert.deepEqual(await refused(302, ''), { code: 'unknown', message: 'consul at URL answered 302' })
    assert.equal((await refused(503, 'x'.repeat(9_999))).message.length, 'consul at URL answered 503: '.length + 201)
  })

  it('never tells the token', async () => {
    const { message } = await refused(403, 'no such token: sesame', { token: 'sesame' })
    assert.equal(message, 'consul at URL answered 403: no such token: (token) (token)')
    assert.throws(() => checked({ token: 'open sesame' }), { message: 'token must be a text without spaces' })
  })

  it('names an agent that is not there', async () => {
    const agent = await ScriptedAgent.open()
    const { url } = agent
    await agent[Symbol.asyncDispose]()
    await using connection = new HttpService(checked({ url }))
    await assert.rejects(connection.ask('/v1/x', { signal: never }), {
      code: 'unavailable',
      message: `could not connect to ${url}: connection refused`,
    })
  })

  it('gives up at the limit, also while it waits for the token', async () => {
    await using agent = await ScriptedAgent.open()
    for (const token of [undefined, () => new Promise<string>(() => {})]) {
      const clock = manualClock()
      await using connection = to(agent, { clock, token })
      const asking = connection.ask('/v1/x', { signal: never, limitMs: 3_000 })
      const late = assert.rejects(asking, {
        code: 'deadline_exceeded',
        message: `consul at ${agent.url} did not answer within 3s`,
      })
      if (token === undefined) await agent.next()
      await clock.advance(3_000)
      await late
      await connection[Symbol.asyncDispose]()
      assert.equal(clock.pending, 0)
    }
  })

  it('is called off by its signal, and leaves no socket', async () => {
    await using agent = await ScriptedAgent.open()
    const connection = to(agent)
    const stop = new AbortController()
    const asking = assert.rejects(connection.ask('/v1/x', { signal: stop.signal }), { code: 'canceled' })
    const asked = await agent.next()
    stop.abort()
    await asking
    await asked.gone
    await assert.rejects(connection.ask('/v1/x', { signal: stop.signal }), { code: 'canceled' })
    await connection[Symbol.asyncDispose]()
    await eventually(() => agent.sockets.size === 0)
    assert.equal(agent.asked.length, 1)
  })

  it('sends text and bytes as they are, with the headers that it is told', async () => {
    await using agent = await ScriptedAgent.open()
    await using connection = to(agent)
    for (const body of ['{ "a": 1 }', new TextEncoder().encode('{ "a": 1 }')]) {
      const asking = connection.ask('/write', {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body,
        signal: never,
      })
      const asked = await agent.next()
      assert.deepEqual(
        [asked.body, asked.headers['content-type'], asked.headers.accept],
        ['{ "a": 1 }', 'text/plain', undefined],
      )
      asked.answer(204)
      assert.equal((await asking).status, 204)
    }
  })

  it('goes on to the next server at once where nobody has heard it, and stays there', async () => {
    const dead = await ScriptedAgent.open()
    await using agent = await ScriptedAgent.open()
    const url = [dead.url, agent.url]
    await dead[Symbol.asyncDispose]()
    await using connection = new HttpService(checked({ url }))
    for (let times = 0; times < 2; times++) {
      const asking = connection.ask('/v1/x', { signal: never })
      ;(await agent.next()).answer(200, 'yes')
      await asking
    }
  })

  it('fails where a server may have heard it, and asks the next one then', async () => {
    await using one = await ScriptedAgent.open()
    await using other = await ScriptedAgent.open()
    await using connection = new HttpService(checked({ url: [one.url, other.url] }))
    const failing = assert.rejects(connection.ask('/v1/x', { signal: never }), {
      message: `consul at ${one.url} answered 503: not now`,
    })
    ;(await one.next()).answer(503, 'not now')
    await failing
    const asking = connection.ask('/v1/x', { signal: never })
    ;(await other.next()).answer(200)
    await asking
    const refused = assert.rejects(connection.ask('/v1/x', { signal: never }), { code: 'not_found' })
    // What every server would say is no reason to go on.
    ;(await other.next()).answer(404)
    await refused
    const last = connection.ask('/v1/x', { signal: never })
    ;(await other.next()).answer(200)
    await last
    assert.equal(one.asked.length, 1)
  })

  it('goes on at once with what may be done twice, and from one that is called off', async () => {
    await using one = await ScriptedAgent.open()
    await using other = await ScriptedAgent.open()
    const options = checked({ url: [one.url, other.url] })
    await using connection = new HttpService(options)
    const asking = connection.ask('/v1/x', { signal: never, idempotent: true })
    ;(await one.next()).answer(503)
    ;(await other.next()).answer(200)
    await asking
    const stop = new AbortController()
    const stopped = assert.rejects(connection.ask('/v1/x', { signal: stop.signal, idempotent: true }))
    await other.next()
    stop.abort()
    await stopped
    // Whoever asks with the same options does not begin anew with one that failed.
    await using another = new HttpService(options)
    const last = another.ask('/v1/x', { signal: never })
    ;(await one.next()).answer(200)
    await last
    another.goOn()
    const told = another.ask('/v1/x', { signal: never })
    ;(await other.next()).answer(200)
    await told
  })

  it('does not try others when the time is over', async () => {
    await using one = await ScriptedAgent.open()
    await using other = await ScriptedAgent.open()
    const clock = manualClock()
    await using connection = new HttpService(checked({ url: [one.url, other.url], clock }))
    const late = assert.rejects(connection.ask('/v1/x', { signal: never, limitMs: 1_000, idempotent: true }), {
      code: 'deadline_exceeded',
    })
    await one.next()
    await clock.advance(1_000)
    await late
    const asking = connection.ask('/v1/x', { signal: never })
    ;(await other.next()).answer(200)
    await asking
  })

  it('goes on from a server whose stream breaks off', async () => {
    await using one = await ScriptedAgent.open()
    await using other = await ScriptedAgent.open()
    await using connection = new HttpService(checked({ url: [one.url, other.url] }))
    const opening = connection.open('/watch', { signal: never })
    ;(await one.next()).begin('one')
    const chunks = (await opening).body[Symbol.asyncIterator]()
    await chunks.next()
    for (const socket of one.sockets) socket.destroy()
    await assert.rejects(chunks.next(), { code: 'unavailable' })
    const asking = connection.ask('/v1/x', { signal: never })
    ;(await other.next()).answer(200)
    await asking
  })

  it('names all servers where none is there', async () => {
    const agents = [await ScriptedAgent.open(), await ScriptedAgent.open()]
    const url = agents.map((agent) => agent.url)
    for (const agent of agents) await agent[Symbol.asyncDispose]()
    await using connection = new HttpService(checked({ url }))
    await assert.rejects(connection.ask('/v1/x', { signal: never }), {
      message: `could not connect to ${url[1]}: connection refused`,
    })
  })

  it('gives a stream as it comes, which its signal ends, and no limit once it has begun', async () => {
    await using agent = await ScriptedAgent.open()
    const clock = manualClock()
    await using connection = to(agent, { clock })
    const stop = new AbortController()
    const opening = connection.open('/watch', { signal: stop.signal, limitMs: 1_000 })
    const asked = await agent.next()
    asked.begin('one')
    const { status, body } = await opening
    const chunks = body[Symbol.asyncIterator]()
    const text = async () => new TextDecoder().decode((await chunks.next()).value as Uint8Array)
    assert.deepEqual([status, await text()], [200, 'one'])
    await clock.advance(5_000)
    asked.more('two')
    assert.equal(await text(), 'two')
    stop.abort()
    await assert.rejects(chunks.next(), { code: 'canceled' })
    await asked.gone
    assert.equal(clock.pending, 0)
  })

  it('ends a stream whose reader leaves', async () => {
    await using agent = await ScriptedAgent.open()
    const clock = manualClock()
    await using connection = to(agent, { clock })
    const opening = connection.open('/watch', { signal: never, limitMs: 1_000 })
    const asked = await agent.next()
    asked.begin('one')
    for await (const _ of (await opening).body) break
    await asked.gone
    assert.equal(clock.pending, 0)
  })

  it('refuses a stream that is none, and one that does not begin in time', async () => {
    await using agent = await ScriptedAgent.open()
    const clock = manualClock()
    await using connection = to(agent, { clock, token: 'sesame' })
    const refused = assert.rejects(connection.open('/watch', { signal: never, limitMs: 1_000 }), {
      message: `consul at ${agent.url} answered 410: too old (token)`,
      code: 'out_of_range',
    })
    ;(await agent.next()).answer(410, 'too old sesame')
    await refused
    const late = assert.rejects(connection.open('/watch', { signal: never, limitMs: 1_000 }), {
      code: 'deadline_exceeded',
    })
    const asked = await agent.next()
    await clock.advance(1_000)
    await late
    await asked.gone
    assert.equal(clock.pending, 0)
  })
})
