// How etcd is started and asked, whatever its version: as a cluster of one or a member of several, and clients and peers on loopback.
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { Launch, Place, Server, Serving, Source } from '../server.ts'

const host = '127.0.0.1'
const certificates = join(import.meta.dirname, '../../certificates')
const pem = (name: string): string => join(certificates, `${name}.pem`)

/** What it listens on. */
export type EtcdPort = 'client' | 'peer'

/** An etcd by its program. */
export interface EtcdServer extends Server<EtcdPort> {
  /** Its path in what was installed. */
  readonly program: string
}

/** What a test of its own may want of one. */
export interface EtcdVariant {
  /** @default none */
  readonly flags?: readonly string[] | undefined
  /** Speaks TLS as `localhost`, and asks for a certificate. @default false */
  readonly isEncrypted?: boolean | undefined
  /** Has forgotten all when it starts again. @default false */
  readonly isForgetful?: boolean | undefined
  /** Which members a cluster has, by name and URL of peers, and which one this is. @default itself */
  readonly cluster?: { readonly name: string; readonly members: Readonly<Record<string, string>> } | undefined
}

/** A server with this name. A restart keeps what it was told. */
export function etcdServer(name: string, source: Source, program: string): EtcdServer {
  return { name, source, program, serving: servingEtcd(program, {}) }
}

/** The same in another way. */
export function etcdLike(server: EtcdServer, variant: EtcdVariant): EtcdServer {
  return { ...server, serving: servingEtcd(server.program, variant) }
}

/** A server by its program, for another one that keeps what it is told in it. */
export function servingEtcd(program: string, variant: EtcdVariant): Serving<EtcdPort> {
  const urlOf = (port: number) => `${variant.isEncrypted ? 'https' : 'http'}://${host}:${port}`
  return {
    ports: ['client', 'peer'],
    launch: async (place) => {
      if (variant.isForgetful) await rm(join(place.folder, 'etcd'), { recursive: true, force: true })
      return launchEtcd(program, place, urlOf(place.ports.client), variant)
    },
    isReady: async ({ ports }) => (await healthAt(`${urlOf(ports.client)}/health`)).health === 'true',
    addresses: ({ ports }) => ({ url: urlOf(ports.client) }),
  }
}

function launchEtcd(program: string, place: Place<EtcdPort>, client: string, variant: EtcdVariant): Launch {
  const { installed, folder, ports } = place
  const peer = `http://${host}:${ports.peer}`
  const { flags = [], isEncrypted = false, cluster = { name: 'one', members: { one: peer } } } = variant
  const members = Object.entries(cluster.members).map(([name, url]) => `${name}=${url}`)
  const encryption = [
    `--cert-file=${pem('server')}`,
    `--key-file=${pem('server-key')}`,
    `--trusted-ca-file=${pem('ca')}`,
    '--client-cert-auth',
  ]
  return {
    command: join(installed, program),
    args: [
      `--name=${cluster.name}`,
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=${members.join()}`,
      '--log-level=error',
      // What is killed here has not lost its disk.
      '--unsafe-no-fsync',
      ...(isEncrypted ? encryption : []),
      ...flags,
    ],
  }
}

async function healthAt(url: string): Promise<{ readonly health?: string }> {
  if (url.startsWith('http:')) return (await (await fetch(url)).json()) as { health?: string }
  const { promise, resolve, reject } = Promise.withResolvers<object>()
  const [ca, cert, key] = ['ca', 'client', 'client-key'].map((name) => readFileSync(pem(name)))
  const asked = request(url, { ca, cert, key, agent: false }, (reply) =>
    json(reply).then(resolve as () => void, reject),
  )
  asked.once('error', reject).end()
  return await promise
}
