// The requests about the EndpointSlices of one namespace, and what a refusal means there.
import { ServiceError } from '../../core/errors.ts'
import { HttpService, type HttpServiceRequest } from '../../platform/http-service.ts'
import type { Reply, StreamedReply } from '../../platform/requester.ts'
import type { CheckedKubernetes } from './connection.ts'
import { type EndpointSlice, manager, type SliceMetadata } from './endpoint-slice.ts'

/** The slices of a namespace. Disposing it ends all requests. */
export class SlicesApi implements AsyncDisposable {
  readonly #http: HttpService
  readonly #path: string

  constructor(checked: CheckedKubernetes) {
    this.#http = new HttpService(checked)
    this.#path = `/apis/discovery.k8s.io/v1/namespaces/${checked.namespace}/endpointslices`
  }

  list(query: URLSearchParams, request: HttpServiceRequest): Promise<Reply> {
    return allowed('list', this.#http.ask(`${this.#path}?${query}`, { ...request, idempotent: true }))
  }

  watch(query: URLSearchParams, request: HttpServiceRequest): Promise<StreamedReply> {
    return allowed('watch', this.#http.open(`${this.#path}?${query}`, { ...request, idempotent: true }))
  }

  /** Creates it, or makes of the one that is there what is said here ("Server-Side Apply"): what others own of it stays theirs. */
  async apply(slice: EndpointSlice, signal: AbortSignal): Promise<void> {
    // All JSON is YAML.
    const headers = { accept: 'application/json', 'content-type': 'application/apply-patch+yaml' }
    const path = `${this.#path}/${slice.metadata.name}?fieldManager=${manager}&force=true`
    await allowed(
      'create and patch',
      this.#http.ask(path, { method: 'PATCH', headers, body: slice, signal, idempotent: true }),
    )
  }

  /** Does nothing where there is none; with `only` where it has changed since. */
  async remove(
    name: string,
    signal: AbortSignal,
    only?: Pick<SliceMetadata, 'uid' | 'resourceVersion'>,
  ): Promise<void> {
    const headers = { accept: 'application/json', 'content-type': 'application/json' }
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...(only ? { preconditions: only } : {}) }
    const asked = this.#http.ask(`${this.#path}/${name}`, { method: 'DELETE', headers, body, signal, idempotent: true })
    await allowed('delete', asked).catch((thrown) => {
      if (!isOneOf(thrown, 'not_found', ...(only ? (['aborted'] as const) : []))) throw thrown
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#http[Symbol.asyncDispose]()
  }
}

/** Whether it was refused with one of these codes. */
export function isOneOf(thrown: unknown, ...codes: readonly ServiceError['code'][]): thrown is ServiceError {
  return thrown instanceof ServiceError && codes.includes(thrown.code)
}

/** Says what the rules of the namespace lack, which the server says only of the one request. */
async function allowed<T>(verbs: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (thrown) {
    if (!isOneOf(thrown, 'permission_denied')) throw thrown
    const text = `${thrown.message}: a Role with ${verbs} of endpointslices in discovery.k8s.io is missing`
    throw new ServiceError(thrown.code, text, { cause: thrown })
  }
}
