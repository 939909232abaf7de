// Kubernetes as the bench has it: an API server over an etcd of its own, by the watch of slices, of which each instance has one here.
import { readFileSync } from 'node:fs'
import { kubernetesInstancer } from 'servicekit/discovery/kubernetes/instancer'
import { kubernetesRegistrar } from 'servicekit/discovery/kubernetes/registrar'
import { kubeApiserver } from '../../test/servers/kube-apiserver/kube-apiserver.ts'
import { service } from './changes.ts'
import type { Registered } from './registered.ts'

const access = (at: string, { ca = '' }: Readonly<Record<string, string>>) => ({
  url: `https://${at}`,
  token: 'admin-token',
  tls: { ca: readFileSync(ca, 'utf8') },
})

export const inKubernetes: Registered = {
  title: 'kube-apiserver 1.34.4, by the watch of EndpointSlices, over TLS',
  server: kubeApiserver,
  listens: ({ url = '' }) => url,
  instancer: (at, addresses) => kubernetesInstancer({ service, ...access(at, addresses) }),
  registrar: (at, addresses) => kubernetesRegistrar({ ...access(at, addresses), ttlMs: 600_000 }),
}
