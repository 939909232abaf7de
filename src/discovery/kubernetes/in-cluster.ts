// How a pod reaches the API server of its own cluster, by what Kubernetes puts into every container ("Accessing the API from within a Pod").
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressOf } from '../instance.ts'
import type { RequesterTls } from './connection.ts'

/** Where the container has it. */
export interface InClusterOptions {
  /** Has `token`, `ca.crt` and `namespace`. @default /var/run/secrets/kubernetes.io/serviceaccount */
  readonly folder?: string | undefined
  /** Has `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`. @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

/** What connects a pod; to be spread into the options of an instancer or a registrar. */
export interface InCluster {
  readonly url: string
  /** Reads the file again each time: a token lives for an hour, and a new one is put there before. */
  readonly token: () => Promise<string>
  readonly tls: RequesterTls
  /** That of the pod. */
  readonly namespace: string
}

/**
 * Reads the environment and the files of the pod's service account, now; the token again before each request. Throws an Error where this is no pod, or one
 * without a token (`automountServiceAccountToken: false`).
 */
export function inCluster(options: InClusterOptions = {}): InCluster {
  const { folder = '/var/run/secrets/kubernetes.io/serviceaccount', environment = process.env } = options
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment
  if (!host || !port)
    throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this process is in no pod')
  const tokenFile = join(folder, 'token')
  // One that is missing is known now, and not with the first request at night.
  read(tokenFile)
  return {
    url: `https://${addressOf(host, Number(port))}`,
    token: async () => (await readFile(tokenFile, 'utf8')).trim(),
    tls: { ca: read(join(folder, 'ca.crt')) },
    namespace: read(join(folder, 'namespace')).trim() || 'default',
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new Error(`the pod has no service account that can be read: ${(thrown as Error).message}`, { cause: thrown })
  }
}
