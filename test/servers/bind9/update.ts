// Changes the zone of a BIND that runs, with its own nsupdate.
import { execFile } from 'node:child_process'

/** The key that updates are signed with: no secret, as the server listens on loopback for the length of a test. */
export const keyName = 'tests'
/** Of the key. */
export const algorithm = 'hmac-sha256'
/** Of the key, in base64. */
export const secret = 'c2VydmljZWtpdCB0ZXN0cyBhZ2FpbnN0IGJpbmQ5'

/** What the server's addresses say. */
export interface Updatable {
  readonly url: string
  readonly nsupdate: string
  readonly libraries: string
}

/** Sends all lines as one change: `add name.example. 1 A 10.0.0.1`, `delete name.example. SRV`. Rejects with what nsupdate says. */
export function update({ url, nsupdate, libraries }: Updatable, lines: readonly string[]): Promise<void> {
  const [host, port] = url.split(':')
  const script = [`server ${host} ${port}`, 'zone example', ...lines.map((line) => `update ${line}`), 'send', '']
  return new Promise((resolve, reject) => {
    const child = execFile(
      nsupdate,
      ['-t', '5', '-v', '-y', `${algorithm}:${keyName}:${secret}`],
      { env: { ...process.env, LD_LIBRARY_PATH: libraries } },
      (error, _stdout, stderr) => (error ? reject(new Error(`nsupdate: ${stderr}`, { cause: error })) : resolve()),
    )
    child.stdin?.end(script.join('\n'))
  })
}
