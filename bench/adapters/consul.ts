// Consul as the bench has it: a development agent, which is told by its HTTP API.

import { consulInstancer } from 'servicekit/discovery/consul/instancer'
import type { Instance } from 'servicekit/discovery/instancer'
import { consul } from '../../test/servers/consul/consul.ts'
import { ownServer } from '../../test/servers/own-server.ts'
import { type FilledRegistry, service } from './changes.ts'

export async function consulFilled(): Promise<FilledRegistry> {
  const server = await ownServer(consul)
  const { hostname, port, origin } = new URL(server.addresses['url'] as string)
  const put = async (instance: Instance) => {
    const [address, at] = instance.address.split(':')
    const body = { ID: instance.id, Name: service, Address: address, Port: Number(at), Meta: instance.metadata }
    const reply = await fetch(`${origin}/v1/agent/service/register`, { method: 'PUT', body: JSON.stringify(body) })
    if (!reply.ok) throw new Error(await reply.text())
  }
  return {
    title: 'Consul 1.13, blocking queries, which have no deltas',
    host: hostname,
    port: Number(port),
    instancer: (tap) => consulInstancer({ service, url: `http://${hostname}:${tap}`, minQueryIntervalMs: 10 }),
    fill: async (instances) => {
      for (const instance of instances) await put(instance)
    },
    change: put,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
