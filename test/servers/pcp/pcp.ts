// Performance Co-Pilot, as Debian packages it: nothing of it serves, but its tools and its agent for memory mapped values read what we write.
import { aptWithLibraries } from '../apt.ts'
import type { Server } from '../server.ts'

const agents = 'usr/lib/pcp/pmdas/mmv'

/** See `reader.ts` for how the tools find each other where they were unpacked. */
export const pcp: Server = {
  name: 'pcp',
  source: aptWithLibraries('pcp', 'libpcp3', 'libpcp-mmv1', 'libpcp-pmda3'),
  programs: { mmvdump: `${agents}/mmvdump`, pminfo: 'usr/bin/pminfo', pmval: 'usr/bin/pmval' },
}
