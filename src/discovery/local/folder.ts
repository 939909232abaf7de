// The folder of the local registry: where it is when nobody says, whose it must be, and what to do when it cannot be used.
import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileNameOf } from './file-name.ts'

/** Where the registry of this user is: below the system's folder for temporary files. */
export function defaultFolder(): string {
  const user = process.getuid?.()
  return join(tmpdir(), user === undefined ? 'servicekit' : `servicekit-${user}`)
}

/** Gives the folder of a service. */
export function serviceFolder(folder: string, service: string): string {
  return join(folder, fileNameOf(service))
}

/**
 * Has the folder of a service be there. Others must neither own nor write the default one: anyone could have made it before us. Rejects with
 * an Error that says what to do.
 */
export async function prepareFolder(folder: string, service: string): Promise<void> {
  try {
    if (folder === defaultFolder()) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await refuseOthers(folder)
    }
    await mkdir(serviceFolder(folder, service), { recursive: true })
  } catch (thrown) {
    throw folderError(folder, thrown)
  }
}

/** Whether an error of a folder says that it may not be made, or that it is not there. */
export function isAbout(thrown: unknown, about: 'permission' | 'absence'): boolean {
  const { code = '' } = ((thrown as Error).cause ?? {}) as NodeJS.ErrnoException
  return about === 'absence' ? code === 'ENOENT' : advices[code] === permission
}

/** What the file system says of a folder, in words that say what to do. Any other error stays as it is. */
export function folderError(folder: string, thrown: unknown): Error {
  const { code, message } = thrown as NodeJS.ErrnoException
  if (code === undefined) return thrown as Error
  const advice = advices[code] ?? 'name another one with the option folder'
  return new Error(`the registry's folder ${folder} cannot be used: ${advice} (${message})`, { cause: thrown })
}

const permission = 'give this user the right to read and write it, or name another one with the option folder'
const noFolder = 'a part of its path is no folder; name another one with the option folder'
const advices: Readonly<Record<string, string>> = {
  EACCES: permission,
  EPERM: permission,
  EROFS: permission,
  ENOTDIR: noFolder,
  EEXIST: noFolder,
  ENOENT: 'it was removed, and will be made again',
  ENOSPC: 'make room on its disk',
  EDQUOT: 'make room on its disk',
  EMFILE: 'this process has too many files open',
  ENFILE: 'the system has too many files open',
}

async function refuseOthers(folder: string): Promise<void> {
  const user = process.getuid?.()
  if (user === undefined) return
  const { uid, mode } = await lstat(folder)
  const others =
    uid !== user ? `belongs to the user ${uid}` : (mode & 0o022) !== 0 ? 'can be written by others' : undefined
  if (others === undefined) return
  throw new Error(
    `the registry's folder ${folder} ${others}, who could announce what they like: remove it, or name another one with the option folder`,
  )
}
