// What tests tell an etcd themselves, past all that they test.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** A key with its value, as texts. */
export type Pair = readonly [key: string, value: string]

const encoded = (text: string): string => Buffer.from(text).toString('base64')
const decoded = (bytes: string): string => Buffer.from(bytes, 'base64').toString()

// With the limit of etcd, 128, where it is left as it is.
const mostOperations = 100

/** Asks one etcd by its JSON gateway; rejects with what it says where it refuses. */
export class EtcdClient {
  readonly #url: string
  readonly #token: string

  constructor(url: string, token = '') {
    this.#url = url
    this.#token = token
  }

  async ask<Reply>(path: string, body: object): Promise<Reply> {
    const headers = this.#token === '' ? {} : { authorization: this.#token }
    const reply = await fetch(this.#url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    const text = await reply.text()
    assert.equal(reply.status, 200, text)
    return JSON.parse(text)
  }

  /** As the user of this name. */
  async as(name: string, password: string): Promise<EtcdClient> {
    const { token } = await this.ask<{ token: string }>('/v3/auth/authenticate', { name, password })
    return new EtcdClient(this.#url, token)
  }

  /** All keys that begin like this, which ends with a slash. */
  async pairs(prefix: string): Promise<readonly Pair[]> {
    const range = { key: encoded(prefix), range_end: encoded(`${prefix.slice(0, -1)}0`) }
    const { kvs = [] } = await this.ask<{ kvs?: { key: string; value: string }[] }>('/v3/kv/range', range)
    return kvs.map(({ key, value }) => [decoded(key), decoded(value)])
  }

  /** Puts and removes, in one step where these are not many. */
  async change(puts: readonly Pair[], removed: readonly string[] = []): Promise<void> {
    const operations = [
      ...puts.map(([key, value]) => ({ request_put: { key: encoded(key), value: encoded(value) } })),
      ...removed.map((key) => ({ request_delete_range: { key: encoded(key) } })),
    ]
    for (let at = 0; at < operations.length; at += mostOperations)
      await this.ask('/v3/kv/txn', { success: operations.slice(at, at + mostOperations) })
  }

  /** Makes these all that begins like this. */
  async hold(prefix: string, puts: readonly Pair[]): Promise<void> {
    const wanted = new Set(puts.map(([key]) => key))
    const others = (await this.pairs(prefix)).filter(([key]) => !wanted.has(key))
    await this.change(
      puts,
      others.map(([key]) => key),
    )
  }

  /** Ends all leases, and with them all that hangs on one. */
  async revokeAll(): Promise<void> {
    const { leases = [] } = await this.ask<{ leases?: { ID: string }[] }>('/v3/lease/leases', {})
    for (const { ID } of leases) await this.ask('/v3/lease/revoke', { ID })
  }

  /** The revision of now. */
  async revision(): Promise<number> {
    const { header } = await this.ask<{ header: { revision: string } }>('/v3/kv/range', { key: encoded('x') })
    return Number(header.revision)
  }

  /** Forgets all revisions before this one. */
  async compact(): Promise<void> {
    await this.ask('/v3/kv/compaction', { revision: String(await this.revision()), physical: true })
  }

  /** Asks who they are of all who come from now on: `root`, who may all, and users who may what is below a path. The password of each is `<name>'s "secret"`. */
  async guard(users: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, path] of Object.entries({ root: '/', ...users })) {
      await this.ask('/v3/auth/user/add', { name, password: passwordOf(name) })
      await this.ask('/v3/auth/role/add', { name })
      await this.ask('/v3/auth/user/grant', { user: name, role: name })
      const perm = { permType: 'READWRITE', key: encoded(path), range_end: encoded(`${path.slice(0, -1)}0`) }
      await this.ask('/v3/auth/role/grant', { name, perm })
    }
    await this.ask('/v3/auth/enable', {})
    // Passwords are hashed slowly, and 3.4 says so before it knows.
    await sleep(100)
  }
}

export const passwordOf = (name: string): string => `${name}'s "secret"`
