// RedisClient: the clients that a script can be run with, as far as they are used, and how it is run.

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

/** A Lua script and the name that Redis knows it by. */
export interface Script {
  readonly text: string
  /** SHA-1 of the text, in hexadecimal. */
  readonly sha: string
}

/** Runs a script on keys of one slot, and gives its reply. Rejects with what the client says, or with an Error when it has no connection. */
export async function runScript(
  client: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const { bySha, byText } = waysOf(client, script, [...keys], [...args])
  try {
    return await bySha()
  } catch (thrown) {
    // A server that was started anew knows no script. Then it has not run, either.
    if (!(thrown instanceof Error) || !thrown.message.startsWith('NOSCRIPT')) throw thrown
    return byText()
  }
}

/** Throws a TypeError for what is no client. */
export function checkClient(client: RedisClient): RedisClient {
  if (typeof client === 'function') return client
  if (typeof client === 'object' && client !== null && ('evalSha' in client || 'evalsha' in client)) return client
  throw new TypeError('client must be one of redis, one of ioredis, or a function that sends a command')
}

interface Ways {
  bySha(): Promise<unknown>
  byText(): Promise<unknown>
}

function waysOf(client: RedisClient, { sha, text }: Script, keys: string[], args: string[]): Ways {
  const count = keys.length
  if (typeof client === 'function') {
    const rest = [String(count), ...keys, ...args]
    const [key = ''] = keys
    return {
      bySha: () => client(['EVALSHA', sha, ...rest], key),
      byText: () => client(['EVAL', text, ...rest], key),
    }
  }
  if ('evalSha' in client) {
    if (client.isReady === false) throw notConnected()
    const options = { keys, arguments: args }
    return { bySha: () => client.evalSha(sha, options), byText: () => client.eval(text, options) }
  }
  if (client.status !== undefined && away.has(client.status)) throw notConnected()
  return {
    bySha: () => client.evalsha(sha, count, ...keys, ...args),
    byText: () => client.eval(text, count, ...keys, ...args),
  }
}

/** Not those of one that is about to connect for the first time, and with `lazyConnect` by the first command. */
const away: ReadonlySet<string> = new Set(['reconnecting', 'close', 'end'])

function notConnected(): Error {
  return new Error('the Redis client has no connection')
}
