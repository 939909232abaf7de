// The file of a lease: it appears whole or not at all, and has a name that is never used again, so that whoever renews or removes it means it.
import { constants } from 'node:fs'
import { lutimes, open, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../../primitives/random.ts'
import { fileNameOf } from './file-name.ts'
import { largestLeaseBytes } from './lease.ts'

/** A name that no other announcement has: the id, for those who look; the pid and chance. */
export function leaseFileName(id: string, random: Random): string {
  const chance = Math.floor(random() * Number.MAX_SAFE_INTEGER).toString(36)
  return `${fileNameOf(id)}@${process.pid}-${chance}.json`
}

/** Whether a name is that of a file that is being written, or was when its writer died. */
export function isTemporary(name: string): boolean {
  return /^\..+@\d+-[0-9a-z]+\.json\.tmp$/.test(name)
}

/** Writes a file that was last touched at a moment since the epoch. Rejects with what the file system says, and leaves nothing then. */
export async function writeLease(folder: string, name: string, text: string, at: number): Promise<void> {
  const temporary = join(folder, `.${name}.tmp`)
  try {
    const file = await open(temporary, 'wx', 0o644)
    try {
      await file.writeFile(text)
      await file.utimes(at / 1_000, at / 1_000)
    } finally {
      await file.close()
    }
    await rename(temporary, join(folder, name))
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => {})
    throw thrown
  }
}

/** Touches a file. Rejects when it was removed, or cannot be touched. */
export async function renewLease(path: string, at: number): Promise<void> {
  try {
    // A link in its place leads to what is not ours to touch.
    await lutimes(path, at / 1_000, at / 1_000)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
    throw new Error(`somebody has removed the lease ${path}`, { cause: thrown })
  }
}

/** Removes a file, which may be gone already. */
export async function removeLease(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
  }
}

const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = constants

/** The text of a file. Rejects for what is none or is too large: neither a pipe without a writer nor a link makes it wait or go elsewhere. */
export async function readLease(path: string): Promise<string> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    if (!(await file.stat()).isFile()) throw new TypeError('it is no regular file')
    const bytes = Buffer.allocUnsafe(largestLeaseBytes + 1)
    let length = 0
    for (let got = 1; got > 0 && length < bytes.length; length += got)
      got = (await file.read(bytes, length, bytes.length - length, length)).bytesRead
    if (length > largestLeaseBytes) throw new RangeError(`it is larger than ${largestLeaseBytes} bytes`)
    return bytes.toString('utf8', 0, length)
  } finally {
    await file.close()
  }
}
