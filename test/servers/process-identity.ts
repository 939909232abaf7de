// Tells a process from a later one that was given the same number.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** When the process was started, as a text that no other process of that number has; undefined once it has ended. */
export function identityOf(pid: number): string | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
}

function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets, and may hold anything; the others are plain.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return hasEnded(state)
      ? undefined
      : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[18]}`
  } catch {
    return undefined
  }
}

function fromPs(pid: number): string | undefined {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
    const args = ['-o', 'stat=,lstart=', '-p', String(pid)]
    const [state = '', ...started] = execFileSync('ps', args, { env, encoding: 'utf8', stdio: 'pipe' })
      .trim()
      .split(/\s+/)
    return hasEnded(state) ? undefined : started.join(' ')
  } catch {
    return undefined
  }
}

/** A zombie has ended: in a container there may be nobody who reaps it. */
const hasEnded = (state: string): boolean => /^[ZX]/.test(state)
