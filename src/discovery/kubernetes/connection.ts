// Which Kubernetes API server is asked, as whom, and about which namespace.
import type { ReadRefusal } from '../../platform/http-refusal.ts'
import {
  type CheckedHttpService,
  checkedHttpService,
  type HttpServiceOptions,
} from '../../platform/http-service-options.ts'

export type { RequesterTls } from '../../platform/http-service-options.ts'

/** Which API server is asked, as whom, and about which namespace. In a pod `inCluster()` gives them all. */
export interface KubernetesConnectionOptions extends HttpServiceOptions {
  /**
   * Where the API server listens, like `https://host:6443`; several are asked in turn when one fails. Neither the environment nor a kubeconfig is
   * read. @default http://127.0.0.1:8001, where `kubectl proxy` listens
   */
  readonly url?: string | readonly string[] | undefined
  /** The bearer token, or what gives the current one; asked before each request, and never told. @default none: a client certificate in `tls`, or a proxy */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /** @default 'default' */
  readonly namespace?: string | undefined
}

/** The form of these options. */
export interface CheckedKubernetes extends CheckedHttpService {
  readonly namespace: string
}

/** Throws a TypeError that names the option. */
export function checkedKubernetes(options: KubernetesConnectionOptions): CheckedKubernetes {
  const { namespace = 'default' } = options
  checkLabel('namespace', namespace)
  const checked = checkedHttpService(options, { kind: 'kubernetes', defaultUrl: 'http://127.0.0.1:8001', refusal })
  return { ...checked, namespace }
}

// Not by parsing: what follows may have been cut off.
const messageForm = /"message":\s*("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")/u

/** A refusal is a Status in JSON, which has a message for people. */
const refusal: ReadRefusal = (status, body) => {
  const [, text] = messageForm.exec(body) ?? []
  return text === undefined ? undefined : { text: JSON.parse(text), hint: status === 401 ? 'token' : '' }
}

/** Names of services and namespaces are labels of DNS (RFC 1123). Throws a TypeError that names the option. */
export function checkLabel(option: string, text: unknown): void {
  if (typeof text === 'string' && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return
  const form = '1 to 63 small letters, digits and inner hyphens for kubernetes'
  throw new TypeError(`${option} must have ${form}, but is ${JSON.stringify(text)}`)
}
