// runScript: runs a Lua script by whichever client there is, and says its text only to a server that does not know it.
import type { RedisClient } from './redis-client.ts'

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
