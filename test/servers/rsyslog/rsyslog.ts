// rsyslog, the receiver of syslog that most systems run, as Debian packages it: over UDP, TCP and TLS, and strict about frames.
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { aptWithLibraries, libraryPath } from '../apt.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'
const certificates = join(import.meta.dirname, '../../certificates')

/** All that a message of RFC 5424 says, as one object of JSON on a line. */
const properties = [
  'syslogfacility-text',
  'syslogseverity-text',
  'protocol-version',
  'timereported',
  'hostname',
  'app-name',
  'procid',
  'msgid',
  'structured-data',
  'msg',
  'inputname',
]

const template = `template(name="record" type="list") {
  constant(value="{")
  ${properties
    .map((name) => {
      const date = name === 'timereported' ? ' dateFormat="rfc3339"' : ''
      return `property(name="${name}" outname="${name}" format="jsonf"${date})`
    })
    .join('\n  constant(value=",")\n  ')}
  constant(value="}\\n")
}
`

const configuration = (folder: string, ports: Readonly<Record<'udp' | 'tcp' | 'tls', number>>) => `global(
  workDirectory="${folder}"
  net.enableDNS="off"
  processInternalMessages="on"
  defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="${join(certificates, 'ca.pem')}"
  defaultNetstreamDriverCertFile="${join(certificates, 'server.pem')}"
  defaultNetstreamDriverKeyFile="${join(certificates, 'server-key.pem')}"
)
${template}
module(load="imudp")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="0" streamDriver.authMode="anon")
input(type="imudp" address="${host}" port="${ports.udp}" rcvbufSize="8m" name="udp")
input(type="imtcp" address="${host}" port="${ports.tcp}" streamDriver.name="ptcp" streamDriver.mode="0" name="tcp")
input(type="imtcp" address="${host}" port="${ports.tls}" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon" name="tls")
action(type="omfile" file="${fileIn(folder)}" template="record")
`

/** It writes what it understood to a file, and what it complains of as messages of its own, with the facility `syslog`. */
export const rsyslog: Server<'udp' | 'tcp' | 'tls'> = {
  name: 'rsyslog',
  source: aptWithLibraries('rsyslog', 'rsyslog-gnutls'),
  serving: {
    ports: ['udp', 'tcp', 'tls'],
    launch: async ({ installed, folder, ports }) => {
      const path = join(folder, 'rsyslog.conf')
      await writeFile(path, configuration(folder, ports))
      const libraries = libraryPath(installed)
      const modules = libraries.split(':').map((library) => join(library, 'rsyslog'))
      return {
        command: join(installed, 'usr/sbin/rsyslogd'),
        args: ['-n', '-f', path, '-i', join(folder, 'pid'), '-M', modules.join(':')],
        env: { LD_LIBRARY_PATH: libraries },
      }
    },
    isReady: async ({ ports }) => (await accepts(ports.tcp)) && (await accepts(ports.tls)),
    addresses: ({ folder, ports }) => ({
      url: `udp://${host}:${ports.udp}`,
      tcp: `tcp://${host}:${ports.tcp}`,
      tls: `tcp://localhost:${ports.tls}`,
      file: fileIn(folder),
    }),
  },
}

const fileIn = (folder: string): string => join(folder, 'records.jsonl')

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
