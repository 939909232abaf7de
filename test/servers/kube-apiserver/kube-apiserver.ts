// kube-apiserver 1.34 from its Go module, over an etcd of its own: a Kubernetes without nodes and controllers, which keeps what it is told.
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { etcd } from '../etcd/etcd.ts'
import { type EtcdPort, servingEtcd } from '../etcd/launch-etcd.ts'
import { go } from '../go.ts'
import type { Place, Server } from '../server.ts'
import { sideBySide } from '../side-by-side.ts'
import { withSource } from '../with-source.ts'

const host = '127.0.0.1'
// Of the certificates of the tests: whoever has one of it is who that says, `client` for one.
const clientAuthority = join(import.meta.dirname, '../../certificates/ca.pem')
const store = servingEtcd('bin/etcd', {})
const version = '1.34.4'
const [major, minor] = version.split('.')
const versionPackage = 'k8s.io/component-base/version'

/** Who may come: a token, a name, a number, groups. The first one may do all, the second one nothing but what RBAC objects allow. */
export const tokens = ['admin-token,admin,1,system:masters', 'guest-token,guest,2']

/**
 * `ca` is the file of the authority that its certificate has, and `tokens` the file of who may come (a restart reads it); `etcd` is the store behind
 * it. A restart keeps what it was told.
 */
export const kubeApiserver: Server<'https' | EtcdPort> = {
  name: 'kube-apiserver',
  source: withSource(
    go({
      folder: import.meta.dirname,
      module: 'k8s.io/kubernetes',
      programs: { 'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver' },
      // Without them it takes itself for v0.0.0-master.
      linkerFlags: Object.entries({ gitVersion: `v${version}`, gitMajor: major, gitMinor: minor })
        .map(([name, value]) => `-X ${versionPackage}.${name}=${value}`)
        .join(' '),
    }),
    // Go has it built already where the etcd of the tests is installed.
    etcd.source,
  ),
  serving: {
    ports: ['https', ...store.ports],
    launch: async (place) => sideBySide(await store.launch(place), launchApi(place)),
    isReady: async (place) => (await store.isReady(place)) && (await readyz(place)) === 'ok',
    addresses: ({ folder, ports }) => ({
      url: `https://${host}:${ports.https}`,
      ca: caIn(folder),
      tokens: tokensIn(folder),
      etcd: `http://${host}:${ports.client}`,
    }),
    readyWithinMs: 60_000,
  },
}

const caIn = (folder: string): string => join(folder, 'certificates/apiserver.crt')
const tokensIn = (folder: string): string => join(folder, 'tokens.csv')

function launchApi({ installed, folder, ports }: Place<'https' | EtcdPort>) {
  const key = join(folder, 'service-accounts.key')
  // A restart finds the tokens that it gave out, and those of its file as a test has left them.
  if (!existsSync(key)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(key, newKey())
    writeFileSync(tokensIn(folder), tokens.map((line) => `${line}\n`).join(''))
  }
  return {
    command: join(installed, 'bin/kube-apiserver'),
    args: [
      `--etcd-servers=http://${host}:${ports.client}`,
      `--bind-address=${host}`,
      `--advertise-address=${host}`,
      `--secure-port=${ports.https}`,
      `--cert-dir=${join(folder, 'certificates')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      `--token-auth-file=${tokensIn(folder)}`,
      `--client-ca-file=${clientAuthority}`,
      '--authorization-mode=RBAC',
      '--service-cluster-ip-range=10.0.0.0/24',
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
    ],
  }
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return privateKey
}

function readyz({ folder, ports }: Place<'https' | EtcdPort>): Promise<string> {
  const [token] = (tokens[0] ?? '').split(',')
  const options = { ca: readFileSync(caIn(folder)), headers: { authorization: `Bearer ${token}` }, agent: false }
  return new Promise((resolve, reject) => {
    const request = get(`https://${host}:${ports.https}/readyz`, options, (reply) => {
      let text = ''
      reply.setEncoding('utf8').on('data', (more: string) => (text += more))
      reply.on('end', () => resolve(text)).on('error', reject)
    })
    request.on('error', reject)
  })
}
