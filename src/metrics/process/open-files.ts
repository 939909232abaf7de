// Open files, sockets among them, and how many there may be: on Linux, which shows both as files.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { Metrics } from '../metrics.ts'
import type { Part } from './part.ts'

/** Where a process sees itself. */
const self = '/proc/self'

/** Measures open files, with the name of OpenTelemetry; `folder` is where Linux shows the process. */
export function openFiles(metrics: Metrics, folder: string = self): Part | undefined {
  try {
    countIn(folder)
  } catch {
    return undefined
  }
  const count = metrics.gauge({
    name: 'process.unix.file_descriptor.count',
    help: 'Files, sockets and pipes that the process has open. May be summed over hosts.',
  })
  const limit = metrics.gauge({
    name: 'process.unix.file_descriptor.limit',
    help: 'Host-local: how many files, sockets and pipes the process may have open; what is beyond is refused with EMFILE.',
  })
  return {
    read() {
      count.set(countIn(folder))
      // It can be changed while the process runs. With as many open it cannot be read, and is what it was.
      limit.set(limitIn(readFileSync(`${folder}/limits`, 'utf8')))
    },
  }
}

/** Since Linux 6.2 the size of the folder is how many there are. Before they have to be listed, and listing opens one more. */
function countIn(folder: string): number {
  return statSync(`${folder}/fd`).size || readdirSync(`${folder}/fd`).length - 1
}

/** The soft limit; Infinity for none. */
function limitIn(limits: string): number {
  const [, most = ''] = /^Max open files +(\S+)/m.exec(limits) ?? []
  return most === 'unlimited' ? Infinity : Number(most || NaN)
}
