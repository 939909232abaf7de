import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { checkedKubernetes } from './connection.ts'
import { ownSlice } from './own-slice.ts'
import { SlicesApi } from './slices-api.ts'

const never = new AbortController().signal
const path = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices'
const slice = ownSlice('add', { id: 'one', address: '10.0.0.1:80' }, { ttlMs: 1_000, portName: '', pod: undefined }, 0)
const { name } = slice.metadata

async function open() {
  const agent = await ScriptedAgent.open()
  const api = new SlicesApi(checkedKubernetes({ url: agent.url, namespace: 'shop', token: 'sesame' }))
  return {
    agent,
    api,
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
    },
  }
}

describe('SlicesApi', { timeout: 10_000 }, () => {
  it('applies a slice as a whole, whoever has it', async () => {
    await using it = await open()
    const applying = it.api.apply(slice, never)
    const asked = await it.agent.next()
    asked.answer(201, '{}')
    await applying
    assert.equal(asked.line, `PATCH ${path}/${name}?fieldManager=servicekit&force=true`)
    assert.equal(asked.headers['content-type'], 'application/apply-patch+yaml')
    assert.equal(asked.headers.authorization, 'Bearer sesame')
    assert.deepEqual(JSON.parse(asked.body), slice)
  })

  it('removes what may be gone already, or only what has not changed', async () => {
    await using it = await open()
    for (const [only, statuses] of [
      [undefined, [200, 404]],
      [{ uid: 'u', resourceVersion: '7' }, [200, 404, 409]],
    ] as const)
      for (const status of statuses) {
        const removing = it.api.remove(name, never, only)
        const asked = await it.agent.next()
        asked.answer(status, '{}')
        await removing
        assert.equal(asked.line, `DELETE ${path}/${name}`)
        assert.deepEqual(JSON.parse(asked.body).preconditions, only)
      }
    const refused = assert.rejects(it.api.remove(name, never), { code: 'aborted' })
    ;(await it.agent.next()).answer(409)
    await refused
  })

  it('says what a refusal means for the rules of the namespace, beside what the server says', async () => {
    await using it = await open()
    const { url } = it.agent
    const query = new URLSearchParams({ limit: '1' })
    const requests = {
      list: () => it.api.list(query, { signal: never }),
      watch: () => it.api.watch(query, { signal: never }),
      'create and patch': () => it.api.apply(slice, never),
      delete: () => it.api.remove(name, never),
    }
    for (const [verbs, request] of Object.entries(requests)) {
      const needs = `a Role with ${verbs} of endpointslices in discovery.k8s.io is missing`
      const refused = assert.rejects(request(), {
        code: 'permission_denied',
        message: `kubernetes at ${url} answered 403: User "guest" cannot: ${needs}`,
      })
      ;(await it.agent.next()).answer(403, { kind: 'Status', message: 'User "guest" cannot', code: 403 })
      await refused
    }
    const other = assert.rejects(requests.list(), {
      message: `kubernetes at ${url} answered 401: Unauthorized (token)`,
    })
    ;(await it.agent.next()).answer(401, { kind: 'Status', message: 'Unauthorized', code: 401 })
    await other
  })
})
