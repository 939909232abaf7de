import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { ConsulConnection, type ConsulConnectionOptions, checkedConnection } from './connection.ts'

const never = new AbortController().signal
const to = (agent: ScriptedAgent, options?: ConsulConnectionOptions) =>
  new ConsulConnection(checkedConnection({ url: agent.url, ...options }))

/** What a request fails with when it is answered like this. */
async function refused(status: number, body: string, options?: ConsulConnectionOptions) {
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

describe('ConsulConnection', { timeout: 10_000 }, () => {
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
    assert.throws(() => checkedConnection({ token: 'open sesame' }), { message: 'token must be a text without spaces' })
  })

  it('names an agent that is not there', async () => {
    const agent = await ScriptedAgent.open()
    const { url } = agent
    await agent[Symbol.asyncDispose]()
    await using connection = new ConsulConnection(checkedConnection({ url }))
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
})

describe('checkedConnection', () => {
  it('has the agent of this host as its default', () => {
    const { url, name } = checkedConnection({})
    assert.deepEqual([url, name], ['http://127.0.0.1:8500', 'consul at http://127.0.0.1:8500'])
  })

  it('refuses URLs that are none, and those that would give a secret away', () => {
    for (const url of ['127.0.0.1:8500', 'ftp://a', 'http://a/?b', 'http://a/#b', ''])
      assert.throws(() => checkedConnection({ url }), /^TypeError: url must be like http:\/\/host:port, but is/)
    assert.throws(() => checkedConnection({ url: 'http://me:secret@a' }), {
      message: 'url must have no user and no password',
    })
  })

  it('refuses what is no token, and a certificate without its key', () => {
    assert.throws(() => checkedConnection({ token: 7 as never }), { message: 'token must be a text or a function' })
    assert.throws(() => checkedConnection({ tls: { cert: 'x' } }), /tls.cert and tls.key/)
  })
})
