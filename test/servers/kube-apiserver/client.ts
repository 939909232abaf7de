// What tests tell a kube-apiserver themselves, past all that they test.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Agent } from 'undici'
import { type EndpointSlice, labels } from '../../../src/discovery/kubernetes/endpoint-slice.ts'

/** What an adapter is given to reach it. */
export interface KubeAccess {
  readonly url: string
  readonly tls: { readonly ca: string }
  readonly token: string
}

interface KubeReply {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, of which each test looks at what it knows
  readonly body: any
}

export const slicesPath = (namespace = 'default'): string =>
  `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`

const rolesPath = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'

/** Asks as the administrator. Disposing it closes its connections. */
export class KubeClient implements AsyncDisposable {
  readonly access: KubeAccess
  readonly #agent: Agent

  constructor(addresses: Readonly<Record<string, string>>) {
    const { url = '', ca = '' } = addresses
    this.access = { url, tls: { ca: readFileSync(ca, 'utf8') }, token: 'admin-token' }
    this.#agent = new Agent({ connect: { ca: this.access.tls.ca } })
  }

  async ask(method: string, path: string, body?: object, type = 'application/json'): Promise<KubeReply> {
    const { statusCode, body: reply } = await this.#agent.request({
      origin: this.access.url,
      method: method as 'GET',
      path,
      headers: { authorization: `Bearer ${this.access.token}`, 'content-type': type },
      body: body === undefined ? null : JSON.stringify(body),
    })
    return { status: statusCode, body: await reply.json() }
  }

  /** As `ask`, and rejects where it is refused. */
  async tell(method: string, path: string, body?: object, type?: string): Promise<KubeReply> {
    const reply = await this.ask(method, path, body, type)
    assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${reply.body.message}`)
    return reply
  }

  async slices(service: string, namespace?: string): Promise<readonly EndpointSlice[]> {
    const selector = encodeURIComponent(`${labels.service}=${service}`)
    return (await this.tell('GET', `${slicesPath(namespace)}?labelSelector=${selector}`)).body.items
  }

  /** Creates it, or replaces the one that is there. */
  async put(slice: EndpointSlice, namespace?: string): Promise<void> {
    const created = await this.ask('POST', slicesPath(namespace), slice)
    if (created.status === 409) await this.tell('PUT', `${slicesPath(namespace)}/${slice.metadata.name}`, slice)
    else assert.equal(created.status, 201, created.body.message)
  }

  async remove(name: string, namespace?: string): Promise<void> {
    const { status, body } = await this.ask('DELETE', `${slicesPath(namespace)}/${name}`)
    assert.ok(status === 200 || status === 404, body.message)
  }

  /** Has these slices of a service, and no others. */
  async hold(service: string, slices: readonly EndpointSlice[]): Promise<void> {
    const names = new Set(slices.map(({ metadata }) => metadata.name))
    for (const slice of slices) await this.put(slice)
    for (const { metadata } of await this.slices(service))
      if (!names.has(metadata.name)) await this.remove(metadata.name)
  }

  /** Lets somebody do this to slices of the namespace `default`. */
  async allow(
    name: string,
    verbs: readonly string[],
    kind: 'ServiceAccount' | 'User' = 'ServiceAccount',
  ): Promise<void> {
    const rules = [{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs }]
    const apiGroup = 'rbac.authorization.k8s.io'
    const subject = kind === 'User' ? { kind, apiGroup, name } : { kind, namespace: 'default', name }
    const roleRef = { apiGroup, kind: 'Role', name }
    await this.tell('POST', `${rolesPath}/roles`, { metadata: { name }, rules })
    await this.tell('POST', `${rolesPath}/rolebindings`, { metadata: { name }, roleRef, subjects: [subject] })
  }

  async forbid(name: string): Promise<void> {
    await this.tell('DELETE', `${rolesPath}/rolebindings/${name}`)
  }

  /** A service account that may do this. */
  async account(name: string, verbs: readonly string[]): Promise<void> {
    await this.tell('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name } })
    await this.allow(name, verbs)
  }

  /** A token of a service account, as a pod is given one. */
  async tokenOf(name: string): Promise<string> {
    const path = `/api/v1/namespaces/default/serviceaccounts/${name}/token`
    return (await this.tell('POST', path, { spec: { expirationSeconds: 600 } })).body.status.token
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }
}
