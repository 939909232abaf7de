// RedisClient: the clients that a script can be run with, as far as they are used.

/** A client of the package `redis` (node-redis 4 to 6): one server, a pool, a cluster or Sentinel. */
export interface NodeRedisClient {
  /** False while it has no connection: it would keep commands for later, and they are not sent then. */
  readonly isReady?: boolean
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** A client of the package `ioredis` (4 to 6): `Redis` or `Cluster`. */
export interface IoRedisClient {
  /** While it says that there is no connection, nothing is sent. */
  readonly status?: string
  evalsha(sha: string, keyCount: number, ...args: string[]): Promise<unknown>
  eval(script: string, keyCount: number, ...args: string[]): Promise<unknown>
}

/** Any other client: sends a command, its name first, to the server that has `key`, and gives the reply. */
export type SendCommand = (command: readonly string[], key: string) => Promise<unknown>

/** What can run a script in Redis. Its connection, its reconnects and its closing stay with its owner. */
export type RedisClient = NodeRedisClient | IoRedisClient | SendCommand

/** Throws a TypeError for what is no client. */
export function checkClient(client: RedisClient): RedisClient {
  if (typeof client === 'function') return client
  if (typeof client === 'object' && client !== null && ('evalSha' in client || 'evalsha' in client)) return client
  throw new TypeError('client must be one of redis, one of ioredis, or a function that sends a command')
}
