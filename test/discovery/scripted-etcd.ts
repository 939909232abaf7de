// The words of etcd's JSON gateway, for tests that play the other side by hand.
import type { AskedOfAgent } from './scripted-agent.ts'

const encoded = (text: string): string => Buffer.from(text).toString('base64')
const header = (revision: number, cluster: string) => ({ cluster_id: cluster, revision: String(revision) })

/** What it was asked, with keys and values in clear text. */
export function askedOf({ line, body }: AskedOfAgent): readonly [string, unknown] {
  const clear = (key: string, value: unknown) =>
    typeof value === 'string' && /^(?:key|range_end|value)$/.test(key) ? Buffer.from(value, 'base64').toString() : value
  return [line, JSON.parse(body, clear)]
}

/** A key as it is in lists and events. */
export function pair(key: string, value: string, revision = 1): object {
  return { key: encoded(key), value: encoded(value), mod_revision: String(revision) }
}

/** That a key is gone. */
export function gone(key: string, revision: number): object {
  return { type: 'DELETE', kv: { key: encoded(key), mod_revision: String(revision) } }
}

/** A list at a revision. */
export function listed(revision: number, pairs: readonly object[] = [], more = false, cluster = '1'): object {
  return { header: header(revision, cluster), kvs: pairs, ...(more ? { more } : {}), count: String(pairs.length) }
}

/** A message of a watch. */
export function told(revision: number, message: object = {}, cluster = '1'): string {
  return `${JSON.stringify({ result: { header: header(revision, cluster), ...message } })}\n`
}

/** A refusal as 3.6 words it. */
export function refusal(code: number, message: string): object {
  return { code, message }
}
