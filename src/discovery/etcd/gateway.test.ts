import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AskedOfAgent, ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { askedOf, listed, refusal, told } from '../../../test/discovery/scripted-etcd.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { checkedEtcd, type EtcdConnectionOptions } from './connection.ts'
import { EtcdGateway } from './gateway.ts'

const signal = new AbortController().signal
const user = { user: 'app', password: 'open "sesame"' }
const badToken = refusal(16, 'etcdserver: invalid auth token')

async function opened(options: EtcdConnectionOptions = {}) {
  const agent = await ScriptedAgent.open()
  const gateway = new EtcdGateway(checkedEtcd({ url: agent.url, ...options }))
  return {
    agent,
    gateway,
    /** Answers the next request, which must be for a token. */
    async giveToken(token: string) {
      const asked = await agent.next()
      assert.deepEqual(askedOf(asked), ['POST /v3/auth/authenticate', { name: user.user, password: user.password }])
      assert.equal(asked.headers.authorization, undefined)
      asked.answer(200, { ...listed(1), token })
    },
    async next(token: string): Promise<AskedOfAgent> {
      const asked = await agent.next()
      assert.equal(asked.headers.authorization, token)
      return asked
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
    },
  }
}

describe('EtcdGateway', { timeout: 10_000 }, () => {
  it('posts JSON, and gives what comes back', async () => {
    await using setup = await opened()
    const asking = setup.gateway.ask('/v3/kv/range', { key: 'eA==' }, { signal })
    const asked = await setup.agent.next()
    asked.answer(200, listed(7))
    assert.deepEqual(askedOf(asked), ['POST /v3/kv/range', { key: 'x' }])
    assert.deepEqual([asked.headers['content-type'], asked.headers.authorization], ['application/json', undefined])
    assert.deepEqual(await asking, listed(7))
  })

  it('says what etcd says, and what to look at where that is none', async () => {
    await using setup = await opened()
    const cases: readonly (readonly [number, unknown, string, string])[] = [
      [503, refusal(14, 'etcdserver: request timed out'), 'unavailable', 'answered 503: etcdserver: request timed out'],
      [
        404,
        '404 page not found\n',
        'unimplemented',
        'answered 404: 404 page not found (is this etcd 3.4 or later, with --enable-grpc-gateway?)',
      ],
      [
        400,
        refusal(3, 'etcdserver: user name is empty'),
        'unauthenticated',
        'answered 400: etcdserver: user name is empty (user, password)',
      ],
      [200, '<html>', 'internal', ': the reply makes no sense: is this the URL of etcd?'],
      [200, '7', 'internal', ': the reply makes no sense: is this the URL of etcd?'],
    ]
    for (const [status, body, code, words] of cases) {
      const failing = assert.rejects(setup.gateway.ask('/v3/x', {}, { signal }), (thrown: Error & { code: string }) => {
        assert.equal(thrown.code, code)
        assert.ok(thrown.message.endsWith(words), thrown.message)
        return true
      })
      ;(await setup.agent.next()).answer(status, body)
      await failing
    }
  })

  it('has one token for all, and gets a new one once, and at once, when etcd does not take it', async () => {
    await using setup = await opened(user)
    const asking = [1, 2].map(() => setup.gateway.ask('/v3/x', {}, { signal }))
    await setup.giveToken('one')
    for (let each = 0; each < 2; each++) (await setup.next('one')).answer(401, badToken)
    await setup.giveToken('two')
    for (let each = 0; each < 2; each++) (await setup.next('two')).answer(200, listed(1))
    await Promise.all(asking)

    const failing = assert.rejects(setup.gateway.ask('/v3/x', {}, { signal }), { code: 'unauthenticated' })
    ;(await setup.next('two')).answer(401, badToken)
    await setup.giveToken('three')
    ;(await setup.next('three')).answer(401, badToken)
    await failing
  })

  it('asks without a token where etcd asks nobody who he is, until it does', async () => {
    await using setup = await opened(user)
    const asking = setup.gateway.ask('/v3/x', {}, { signal })
    ;(await setup.agent.next()).answer(400, refusal(9, 'etcdserver: authentication is not enabled'))
    const asked = await setup.agent.next()
    assert.equal(asked.headers.authorization, undefined)
    asked.answer(400, refusal(3, 'etcdserver: user name is empty'))
    await setup.giveToken('one')
    ;(await setup.next('one')).answer(200, listed(1))
    await asking
  })

  it('does not tell the password, and does not wait for ever for a token', async () => {
    const clock = manualClock()
    await using setup = await opened({ ...user, clock })
    const refused = assert.rejects(setup.gateway.ask('/v3/x', {}, { signal }), {
      code: 'permission_denied',
      message: `etcd at ${setup.agent.url} answered 400: etcdserver: no "(password)" (user "app")`,
    })
    ;(await setup.agent.next()).answer(400, refusal(3, `etcdserver: no "${user.password}"`))
    await refused
    const late = assert.rejects(setup.gateway.ask('/v3/x', {}, { signal }), { code: 'deadline_exceeded' })
    await setup.agent.next()
    await clock.advance(5_000)
    await late
  })

  it('gives the messages of a watch as they come, and ends it with its reader', async () => {
    await using setup = await opened()
    const replies = setup.gateway.watch({ create_request: {} }, { signal, limitMs: 1_000 })
    const first = replies.next()
    const asked = await setup.agent.next()
    assert.equal(asked.headers['grpc-metadata-hasleader'], 'true')
    asked.begin(told(5, { created: true }))
    assert.equal((await first).value?.created, true)
    const second = replies.next()
    const line = told(6, { canceled: true, compact_revision: '6' })
    asked.more(line.slice(0, 20))
    asked.more(line.slice(20))
    assert.equal((await second).value?.compact_revision, '6')
    await replies.return()
    await asked.gone
  })

  it('gets a new token for a watch too', async () => {
    await using setup = await opened(user)
    const replies = setup.gateway.watch({}, { signal })
    const first = replies.next()
    await setup.giveToken('one')
    const cancel_reason = 'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token'
    const refused = await setup.next('one')
    refused.begin(told(5, { created: true, canceled: true, cancel_reason }))
    await setup.giveToken('two')
    await refused.gone
    ;(await setup.next('two')).begin(told(5, { created: true }))
    assert.equal((await first).value?.created, true)
    await replies.return()
  })

  it('fails with what a watch ends with', async () => {
    await using setup = await opened()
    const denied = {
      canceled: true,
      cancel_reason: 'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
    }
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [told(5, denied), 'permission_denied', /: etcdserver: permission denied$/],
      ['{"error":{"code":14,"message":"etcdserver: no leader"}}\n', 'unavailable', /: etcdserver: no leader$/],
      ['<html>\n', 'internal', /makes no sense/],
    ]
    for (const [line, code, message] of cases) {
      const failing = assert.rejects(setup.gateway.watch({}, { signal }).next(), { code, message })
      const asked = await setup.agent.next()
      asked.begin(line)
      await failing
      await asked.gone
    }
    const ending = setup.gateway.watch({}, { signal }).next()
    ;(await setup.agent.next()).answer(200)
    assert.equal((await ending).done, true)
  })

  it('refuses a line without an end', async () => {
    await using setup = await opened()
    const failing = assert.rejects(setup.gateway.watch({}, { signal }).next(), /larger than 16777216 bytes/)
    const asked = await setup.agent.next()
    asked.begin(' ')
    for (let megabytes = 0; megabytes < 17; megabytes++) asked.more(' '.repeat(1024 * 1024))
    await failing
  })
})
