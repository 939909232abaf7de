// ZooKeeper's own command line: what it says of a server is not by our word.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { classPath } from './zookeeper.ts'

const run = promisify(execFile)

/** Runs one command, as in `get /services/a`, with the `jars` of a server, and gives what it printed, without what it says of itself. */
export async function zkCli(jars: string, server: string, ...command: readonly string[]): Promise<string> {
  const options = ['-Xmx64m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
  const { stdout } = await run('java', [
    ...options,
    '-cp',
    classPath(jars),
    'org.apache.zookeeper.ZooKeeperMain',
    '-server',
    server,
    ...command,
  ])
  return stdout.replace(/^(?:Connecting to .*|\s*|WATCHER::|WatchedEvent .*)\n/gm, '').trim()
}
