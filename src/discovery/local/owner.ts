// Owner: the process that holds a lease, told from one that got its pid later and from one of another machine.
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** The process that holds a lease. */
export interface Owner {
  readonly pid: number
  /** When it started, in ticks since the machine did; undefined where that cannot be known. */
  readonly startedAt?: string | undefined
  /** Where its pid means what it means: the host and, on Linux, its boot and its namespace of pids. */
  readonly place: string
}

/** This process. */
export function thisOwner(): Owner {
  const { pid } = process
  // Where /proc shows the pids of another namespace, a pid leads to somebody else.
  const startedAt = lookAt(pid)?.startedAt
  return { pid, startedAt: startedAt === lookAt('self')?.startedAt ? startedAt : undefined, place: thisPlace() }
}

/** Where this process runs, as owners say it. */
export function thisPlace(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
  const pids = attempt(() => readlinkSync('/proc/self/ns/pid'))
  return [hostname(), boot, pids].filter((part) => part !== undefined).join(' ')
}

/**
 * Whether a process of this place has certainly ended. A quick look costs a microsecond, and takes one that its parent has not buried, or
 * that has the pid now, for it; a thorough one does not, where there is a /proc.
 */
export function hasEnded({ pid, startedAt }: Owner, thoroughly: boolean): boolean {
  try {
    process.kill(pid, 0)
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ESRCH'
  }
  if (!thoroughly || startedAt === undefined) return false
  // It may be hidden from us although it lives.
  const now = lookAt(pid)
  return now !== undefined && (now.startedAt !== startedAt || now.state === 'Z' || now.state === 'X')
}

/** What proc(5) says of a process: its name, which may hold anything, is in brackets before. */
function lookAt(pid: number | 'self'): { readonly state: string; readonly startedAt: string } | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startedAt] = [fields?.[0], fields?.[19]]
  return state === undefined || startedAt === undefined ? undefined : { state, startedAt }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
