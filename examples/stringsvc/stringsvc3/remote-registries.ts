// The registries that are servers, by kind: who looks up in them, and who announces.
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { consulInstancer } from 'servicekit/discovery/consul/instancer'
import { consulRegistrar } from 'servicekit/discovery/consul/registrar'
import { etcdInstancer } from 'servicekit/discovery/etcd/instancer'
import { etcdRegistrar } from 'servicekit/discovery/etcd/registrar'
import { eurekaInstancer } from 'servicekit/discovery/eureka/instancer'
import { eurekaRegistrar } from 'servicekit/discovery/eureka/registrar'
import type { Instancer, InstancerOptions } from 'servicekit/discovery/instancer'
import { inCluster } from 'servicekit/discovery/kubernetes/in-cluster'
import { kubernetesInstancer } from 'servicekit/discovery/kubernetes/instancer'
import { kubernetesRegistrar } from 'servicekit/discovery/kubernetes/registrar'
import type { Registrar, RegistrarOptions } from 'servicekit/discovery/registrar'
import { zookeeperInstancer } from 'servicekit/discovery/zookeeper/instancer'
import { zookeeperRegistrar } from 'servicekit/discovery/zookeeper/registrar'
import type { RemoteKind } from './flags.ts'

/** What one of them does. `where` is as it was given. */
interface RemoteRegistry {
  instancer(service: string, where: string | undefined, options: InstancerOptions): Instancer
  registrar(where: string | undefined, options: RegistrarOptions): Registrar
}

/** By its name in the flags. */
export const remoteRegistries: Readonly<Record<RemoteKind, RemoteRegistry>> = {
  consul: {
    instancer: (service, where, options) => consulInstancer({ service, url: urlOf(where), ...options }),
    registrar: (where, options) => consulRegistrar({ url: urlOf(where), ...options }),
  },
  etcd: {
    instancer: (service, where, options) => etcdInstancer({ service, url: urlsOf(where), ...options }),
    registrar: (where, options) => etcdRegistrar({ url: urlsOf(where), ...options }),
  },
  zookeeper: {
    instancer: (service, where, options) => zookeeperInstancer({ service, servers: where, ...options }),
    registrar: (where, options) => zookeeperRegistrar({ servers: where, ...options }),
  },
  eureka: {
    // Sooner than Eureka's own clients look: this is an example, and somebody watches it.
    instancer: (service, where, options) =>
      eurekaInstancer({ service, url: urlsOf(where), pollIntervalMs: 2_000, ...options }),
    registrar: (where, options) => eurekaRegistrar({ url: urlsOf(where), ...options }),
  },
  kubernetes: {
    instancer: (service, where, options) => kubernetesInstancer({ service, ...clusterAt(where), ...options }),
    registrar: (where, options) => kubernetesRegistrar({ ...clusterAt(where), ...options }),
  },
}

/** Who we are outside of a cluster is in files, as it is within. */
function clusterAt(where: string | undefined) {
  if (where === undefined) return inCluster()
  const { KUBERNETES_TOKEN_FILE: token, KUBERNETES_CA_FILE: ca } = process.env
  return {
    url: urlsOf(where),
    token: token && (async () => (await readFile(token, 'utf8')).trim()),
    tls: ca ? { ca: readFileSync(ca, 'utf8') } : undefined,
  } as const
}

function urlsOf(where: string | undefined): readonly string[] | undefined {
  return where?.split(',').flatMap((each) => urlOf(each) ?? [])
}

function urlOf(where: string | undefined): string | undefined {
  return where === undefined || /^https?:\/\//.test(where) ? where : `http://${where}`
}
