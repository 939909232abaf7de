// Apache ZooKeeper 3.8, as Debian packages it: a server of one, with an encrypted port beside the plain one.
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { apt } from '../apt.ts'
import { findProgram } from '../command.ts'
import type { Server, Source } from '../server.ts'

const host = '127.0.0.1'
const certificates = join(import.meta.dirname, '../../certificates')

/** ZooKeeper itself, and of what its manifest names that which a server of one and its command line load; netty carries TLS. */
const packages = [
  'libzookeeper-java',
  'libslf4j-java',
  'libdropwizard-metrics-java',
  'libsnappy-java',
  'libnetty-java',
  'libcommons-cli-java',
] as const
const nettyParts = [
  'buffer',
  'codec',
  'common',
  'handler',
  'resolver',
  'transport',
  'transport-native-epoll',
  'transport-native-unix-common',
]
const jars = [
  'zookeeper',
  'zookeeper-jute',
  'slf4j-api',
  'slf4j-simple',
  'metrics-core',
  'snappy-java',
  'commons-cli',
  ...nettyParts.map((part) => `netty-${part}`),
]

const debian = apt(...packages)
const source: Source = {
  ...debian,
  missing: async () =>
    (await debian.missing()) ??
    (findProgram('java') === undefined ? 'needs Java 17: apt-get install default-jre-headless' : undefined),
}

// The shortest session it grants has two ticks unless it is told otherwise.
const configuration = (folder: string, { plain, secure }: Readonly<Record<'plain' | 'secure', number>>) => `tickTime=200
minSessionTimeout=400
maxSessionTimeout=60000
dataDir=${join(folder, 'data')}
clientPort=${plain}
clientPortAddress=${host}
secureClientPort=${secure}
secureClientPortAddress=${host}
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
ssl.keyStore.location=${join(folder, 'server.pem')}
ssl.trustStore.location=${join(certificates, 'ca.pem')}
ssl.clientAuth=none
maxClientCnxns=0
admin.enableServer=false
4lw.commands.whitelist=*
`

/** It keeps what it was told over a restart, in its folder. Sessions may be as short as 400 ms. */
export const zookeeper: Server<'plain' | 'secure'> = {
  name: 'zookeeper',
  source,
  serving: {
    ports: ['plain', 'secure'],
    launch: async ({ installed, folder, ports }) => {
      const parts = ['server-key.pem', 'server.pem'].map((name) => readFile(join(certificates, name), 'utf8'))
      await writeFile(join(folder, 'server.pem'), (await Promise.all(parts)).join('\n'))
      const file = join(folder, 'zoo.cfg')
      await writeFile(file, configuration(folder, ports))
      return {
        command: 'java',
        args: [
          '-Xmx128m',
          '-XX:TieredStopAtLevel=1',
          '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
          '-cp',
          classPath(join(installed, 'usr/share/java')),
          'org.apache.zookeeper.server.quorum.QuorumPeerMain',
          file,
        ],
      }
    },
    // It says `imok` before it serves.
    isReady: async ({ ports }) => (await word(ports.plain, 'srvr')).includes('Mode: '),
    addresses: ({ installed, folder, ports }) => ({
      url: `${host}:${ports.plain}`,
      secure: `${host}:${ports.secure}`,
      data: join(folder, 'data'),
      jars: join(installed, 'usr/share/java'),
    }),
  },
}

/** Of the jars in a folder, those that are needed: of some there are several that do the same. */
export function classPath(folder: string): string {
  return jars.map((jar) => join(folder, `${jar}.jar`)).join(':')
}

/** Says a word of four letters, and gives what the server says to that. */
async function word(port: number, letters: string): Promise<string> {
  const socket = connect(port, host)
  socket.write(letters)
  return text(socket)
}
