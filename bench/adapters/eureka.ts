// Eureka as the bench has it: the server of Spring Cloud, whose deltas tell what has changed within 3 s in place of 3 min, so that one tells one change.

import { eurekaInstancer } from 'servicekit/discovery/eureka/instancer'
import type { Instance } from 'servicekit/discovery/instancer'
import { eurekaWith } from '../../test/servers/eureka/eureka-with.ts'
import { ownServer } from '../../test/servers/own-server.ts'
import { type FilledRegistry, service } from './changes.ts'

const server = eurekaWith(
  'eureka.server.use-read-only-response-cache=false',
  'eureka.server.retention-time-in-m-s-in-delta-queue=3000',
  'eureka.server.delta-retention-timer-interval-in-ms=500',
)
const headers = { 'content-type': 'application/json' }
const dataCenterInfo = { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' }
const leaseInfo = { renewalIntervalInSecs: 30, durationInSecs: 3_600 }

export async function eurekaFilled(): Promise<FilledRegistry> {
  const own = await ownServer(server)
  const { hostname, port, origin } = new URL(own.addresses['url'] as string)
  const app = service.toUpperCase()
  const post = async ({ id, address, metadata }: Instance) => {
    const [host, at] = address.split(':')
    const named = { instanceId: id, app, hostName: host, ipAddr: host, vipAddress: service, status: 'UP' }
    const ports = { port: { $: Number(at), '@enabled': 'true' }, securePort: { $: 443, '@enabled': 'false' } }
    const lastDirtyTimestamp = `${Date.now()}`
    const instance = { ...named, ...ports, dataCenterInfo, leaseInfo, metadata, lastDirtyTimestamp }
    const body = JSON.stringify({ instance })
    const reply = await fetch(`${origin}/eureka/apps/${app}`, { method: 'POST', headers, body })
    if (!reply.ok) throw new Error(await reply.text())
  }
  return {
    title: 'Eureka of Spring Cloud 2025.0, polled for deltas each 100 ms, which tell 3 s',
    host: hostname,
    port: Number(port),
    instancer: (tap) =>
      eurekaInstancer({ service, url: `http://${hostname}:${tap}/eureka`, pollIntervalMs: 100, recoveryMs: 0 }),
    fill: async (instances) => {
      for (const instance of instances) await post(instance)
      // Until its deltas do not tell any more that all these have come.
      await new Promise((over) => setTimeout(over, 4_500))
    },
    change: post,
    [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
  }
}
