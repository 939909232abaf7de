// A Eureka behind a front, and what tests tell it and ask it by themselves.
import assert from 'node:assert/strict'
import { registrationBody } from '../../src/discovery/eureka/registration.ts'
import { idInPath } from '../../src/discovery/id-in-path.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import type { Backend } from './agent-front.ts'

const headers = { accept: 'application/json', 'content-type': 'application/json' }
const terms = { ttlMs: 3_600_000, secure: false, statusPath: '/livez', healthPath: '/readyz' }

/** Passes requests on to the server whose `/eureka` this is. */
export function eurekaAt(url: string): Backend {
  const { origin } = new URL(url)
  return async ({ method, path, body, signal }) => {
    const reply = await fetch(origin + path, { method, signal, headers, ...(body === '' ? {} : { body }) })
    return { status: reply.status, body: await reply.text() }
  }
}

/** Asks for something, and gives its JSON. */
export async function ask(url: string, path: string): Promise<unknown> {
  const reply = await fetch(url + path, { headers })
  return reply.status === 404 ? undefined : await reply.json()
}

/** Tells something, and expects it to be done. */
export async function tell(url: string, method: string, path: string, body?: object): Promise<void> {
  const reply = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.text()}`)
}

/** Makes the server know these of a service, and no others; with answers that are not old. */
export async function hold(url: string, service: string, instances: readonly Instance[]): Promise<void> {
  const path = `/apps/${service.toUpperCase()}`
  const wanted = new Set(instances.map((instance) => idInPath(service, instance)))
  for (const instance of instances)
    await tell(url, 'POST', path, registrationBody(service, instance, terms, Date.now()))
  const application = (await ask(url, path)) as
    | { readonly application: { readonly instance: readonly { readonly instanceId: string }[] } }
    | undefined
  for (const { instanceId } of application?.application.instance ?? [])
    if (!wanted.has(instanceId)) await tell(url, 'DELETE', `${path}/${encodeURIComponent(instanceId)}`)
}
