import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IoRedisClient, NodeRedisClient } from './redis-client.ts'
import { runScript } from './run-script.ts'

const script = { text: 'return 1', sha: 'abc' }

/** Answers, but to a name that nobody has told it the script of. */
function forgetful(sent: unknown[]) {
  return async (how: string, ...rest: unknown[]) => {
    sent.push([how, ...rest])
    if (how === 'sha') throw new Error('NOSCRIPT No matching script')
    return 'reply'
  }
}

describe('runScript', () => {
  it('speaks as node-redis does', async () => {
    const sent: unknown[] = []
    const answer = forgetful(sent)
    const client: NodeRedisClient = {
      isReady: true,
      evalSha: (sha, options) => answer('sha', sha, options),
      eval: (text, options) => answer('text', text, options),
    }
    assert.equal(await runScript(client, script, ['{k}', '{k}:p'], ['1']), 'reply')
    const options = { keys: ['{k}', '{k}:p'], arguments: ['1'] }
    assert.deepEqual(sent, [
      ['sha', 'abc', options],
      ['text', 'return 1', options],
    ])
  })

  it('speaks as ioredis does', async () => {
    const sent: unknown[] = []
    const answer = forgetful(sent)
    const client: IoRedisClient = {
      evalsha: (...all) => answer('sha', ...all),
      eval: (...all) => answer('text', ...all),
    }
    assert.equal(await runScript(client, script, ['k', 'p'], ['1']), 'reply')
    assert.deepEqual(sent, [
      ['sha', 'abc', 2, 'k', 'p', '1'],
      ['text', 'return 1', 2, 'k', 'p', '1'],
    ])
  })

  it('hands whole commands to any other', async () => {
    const sent: unknown[] = []
    const send = async (command: readonly string[], key: string) => {
      sent.push([key, ...command])
      return 'reply'
    }
    assert.equal(await runScript(send, script, ['k', 'p'], ['1']), 'reply')
    assert.deepEqual(sent, [['k', 'EVALSHA', 'abc', '2', 'k', 'p', '1']])
  })

  it('sends nothing while the client has no connection, but lets one connect by its first command', async () => {
    let sent = 0
    const answer = async () => ++sent
    const node: NodeRedisClient = { isReady: false, evalSha: answer, eval: answer }
    await assert.rejects(runScript(node, script, ['k'], []), /no connection/)
    for (const status of ['reconnecting', 'close', 'end'])
      await assert.rejects(runScript({ status, evalsha: answer, eval: answer }, script, ['k'], []), /no connection/)
    assert.equal(sent, 0)
    for (const status of ['wait', 'connecting', 'connect', 'ready'])
      await runScript({ status, evalsha: answer, eval: answer }, script, ['k'], [])
    assert.equal(sent, 4)
  })

  it('passes on any other error, and says the script once', async () => {
    let calls = 0
    const broken = async () => {
      calls++
      throw new Error('WRONGTYPE')
    }
    await assert.rejects(runScript(broken, script, ['k'], []), /WRONGTYPE/)
    assert.equal(calls, 1)
    const odd = () => Promise.reject('NOSCRIPT')
    await assert.rejects(runScript(odd, script, ['k'], []), (thrown) => thrown === 'NOSCRIPT')
  })
})
