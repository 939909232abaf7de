// Lets one process at a time start and stop the servers of a folder, so that none is started twice.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityOf } from './process-identity.ts'

const pollMs = 100

/** Waits for its turn. Disposing gives the next one its turn; so does the end of this process, however it comes. */
export async function lock(
  folder: string,
  { say, signal }: { say(line: string): void; signal?: AbortSignal | undefined },
): Promise<Disposable> {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'lock')
  const own = `${process.pid} ${identityOf(process.pid)}`
  for (let saidOf = ''; !taken(path, own); ) {
    const holder = holderOf(path)
    const [pid, ...identity] = holder.split(' ')
    if (identityOf(Number(pid)) !== identity.join(' ')) {
      // Unless it was passed on since it was read.
      if (holderOf(path) === holder) rmSync(path, { force: true })
      continue
    }
    if (saidOf !== holder) say(`waiting for another ./dev servers (process ${pid})`)
    saidOf = holder
    await sleep(pollMs, undefined, { signal })
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) }
}

function taken(path: string, own: string): boolean {
  // Linked into place with its content: a lock without a holder would look like one that was left.
  const fresh = `${path}.${process.pid}`
  writeFileSync(fresh, own)
  try {
    linkSync(fresh, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(fresh)
  }
}

function holderOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
