// Passes requests on to a real kube-apiserver, as the administrator: by plain HTTP before, and TLS behind.
import { Agent } from 'undici'
import type { KubeAccess } from '../servers/kube-apiserver/client.ts'
import type { Backend } from './agent-front.ts'

/** Disposing it closes its connections. */
export class ApiServerAt implements AsyncDisposable {
  readonly #access: KubeAccess
  readonly #agent: Agent

  constructor(access: KubeAccess) {
    this.#access = access
    this.#agent = new Agent({ connect: { ca: access.tls.ca }, bodyTimeout: 0 })
  }

  /** What is behind a front. */
  readonly backend: Backend = async ({ method, path, body, signal }) => {
    const { url, token } = this.#access
    const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json'
    const reply = await this.#agent.request({
      origin: url,
      method: method as 'GET',
      path,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      body: body === '' ? null : body,
      signal,
    })
    return { status: reply.statusCode, body: '', more: textIn(reply.body) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }
}

async function* textIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of body) yield decoder.decode(chunk, { stream: true })
}
