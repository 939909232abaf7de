// carbon-cache, the receiver of Graphite, as Debian packages it: with a point a second, so that tests read back what they sent.
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { aptWithLibraries, libraryPath } from '../apt.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'

const schemas = `[all]
pattern = .*
retentions = 1s:1d
`

const configuration = (folder: string, ports: Readonly<Record<'line' | 'pickle' | 'query', number>>) => `[cache]
STORAGE_DIR = ${folder}
LOCAL_DATA_DIR = ${join(folder, 'whisper')}
CONF_DIR = ${folder}
LOG_DIR = ${folder}
PID_DIR = ${folder}
USER =
ENABLE_LOGROTATION = False
LINE_RECEIVER_INTERFACE = ${host}
LINE_RECEIVER_PORT = ${ports.line}
ENABLE_UDP_LISTENER = True
UDP_RECEIVER_INTERFACE = ${host}
UDP_RECEIVER_PORT = ${ports.line}
PICKLE_RECEIVER_INTERFACE = ${host}
PICKLE_RECEIVER_PORT = ${ports.pickle}
CACHE_QUERY_INTERFACE = ${host}
CACHE_QUERY_PORT = ${ports.query}
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
ENABLE_TAGS = False
CARBON_METRIC_INTERVAL = 0
`

/** `whisper` is the folder of its data, of which `readBack` knows the form; `listener` the log of what it could not read. */
export const carbon: Server<'line' | 'pickle' | 'query'> = {
  name: 'carbon',
  source: aptWithLibraries('graphite-carbon', 'python3-whisper'),
  serving: {
    ports: ['line', 'pickle', 'query'],
    launch: async ({ installed, folder, ports }) => {
      await mkdir(join(folder, 'whisper'), { recursive: true })
      const file = join(folder, 'carbon.conf')
      const pid = join(folder, 'carbon.pid')
      // A crash leaves it, and then it refuses to start.
      await rm(pid, { force: true })
      await writeFile(file, configuration(folder, ports))
      await writeFile(join(folder, 'storage-schemas.conf'), schemas)
      return {
        command: pythonOf(installed),
        args: [
          join(installed, 'usr/bin/carbon-cache'),
          `--config=${file}`,
          `--pidfile=${pid}`,
          '--nodaemon',
          `--logdir=${folder}`,
          'start',
        ],
        env: environmentOf(installed),
      }
    },
    isReady: ({ ports }) =>
      new Promise((resolve) => {
        const socket = connect(ports.line, host)
        socket.once('connect', () => resolve(socket.destroy() !== undefined)).once('error', () => resolve(false))
      }),
    addresses: ({ installed, folder, ports }) => ({
      url: `tcp://${host}:${ports.line}`,
      udp: `udp://${host}:${ports.line}`,
      whisper: join(folder, 'whisper'),
      listener: join(folder, 'listener.log'),
      installed,
    }),
  },
}

/** What runs Debian's modules for Python: what came with them, or the system's own. */
export function pythonOf(installed: string): string {
  const own = join(installed, 'usr/bin/python3')
  return existsSync(own) ? own : '/usr/bin/python3'
}

/** Where it finds them. */
export function environmentOf(installed: string): Readonly<Record<string, string>> {
  return { PYTHONPATH: join(installed, 'usr/lib/python3/dist-packages'), LD_LIBRARY_PATH: libraryPath(installed) }
}
