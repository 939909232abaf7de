// BIND, the DNS server that others are measured by, as Debian packages it, with a zone that tests may change while it runs.
import { Resolver } from 'node:dns/promises'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { aptWithLibraries, libraryPath } from '../apt.ts'
import type { Server } from '../server.ts'
import { algorithm, keyName, secret } from './update.ts'

const host = '127.0.0.1'

// Nothing that changes lives longer than a second: it is what a test waits for.
const zone = `$ORIGIN example.
$TTL 1
@ IN SOA ns hostmaster 1 3600 600 86400 1
@ IN NS ns
ns IN A ${host}
`

const configuration = (folder: string, port: number) => `options {
  directory ${JSON.stringify(folder)};
  listen-on port ${port} { ${host}; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile none;
  lock-file none;
  recursion no;
  dnssec-validation no;
  minimal-responses no;
  notify no;
  max-records-per-type 0;
};
controls { };
key ${keyName} { algorithm ${algorithm}; secret "${secret}"; };
zone example { type primary; file "example.zone"; allow-update { key ${keyName}; }; };
`

/** It knows the zone `example`, which `update` changes, and refuses to answer for any other. */
export const bind9: Server<'dns'> = {
  name: 'bind9',
  source: aptWithLibraries('bind9', 'bind9-dnsutils'),
  serving: {
    ports: ['dns'],
    launch: async ({ installed, folder, ports }) => {
      const file = join(folder, 'named.conf')
      await writeFile(file, configuration(folder, ports.dns))
      // What was changed is in a journal beside it, which does not fit a file that is written anew.
      await writeFile(join(folder, 'example.zone'), zone, { flag: 'wx' }).catch((error) => {
        if (error.code !== 'EEXIST') throw error
      })
      return {
        command: join(installed, 'usr/sbin/named'),
        args: ['-4', '-g', '-n', '1', '-c', file],
        env: { LD_LIBRARY_PATH: libraryPath(installed) },
      }
    },
    isReady: async ({ ports }) => {
      const resolver = new Resolver({ timeout: 500, tries: 1 })
      resolver.setServers([`${host}:${ports.dns}`])
      return (await resolver.resolveSoa('example')).nsname === 'ns.example'
    },
    addresses: ({ installed, ports }) => ({
      url: `${host}:${ports.dns}`,
      nsupdate: join(installed, 'usr/bin/nsupdate'),
      libraries: libraryPath(installed),
    }),
  },
}
