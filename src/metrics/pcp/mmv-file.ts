// A file that others have mapped into their memory: replaced as a whole, and changed in place.
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { secondGenerationAt } from './mmv-bytes.ts'
import type { Stretch } from './value-sheet.ts'

/** Which file it is, whatever its name. */
interface Identity {
  readonly ino: number
  readonly dev: number
}

/** How much of what was given. */
type Taken = Pick<Awaited<ReturnType<FileHandle['write']>>, 'bytesWritten'>

/** What it needs of an open file. */
export interface OpenFile {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<Taken>
  stat(): Promise<Identity>
  close(): Promise<void>
}

/** What it needs of `node:fs/promises`. */
export interface Files {
  open(path: string, flags: number, mode: number): Promise<OpenFile>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: { readonly force: boolean }): Promise<void>
  stat(path: string): Promise<Identity>
}

const generationBytes = 8
const nothing = new Uint8Array(2 * generationBytes)
// Everybody may write in the folder: what another one has put in our way, a link say, is not followed.
const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants
const newFile = O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR

/** Owns the file at a path. Two operations at once are one too many. */
export class MmvFile {
  readonly #path: string
  readonly #draftPath: string
  readonly #files: Files
  #handle: OpenFile | undefined

  constructor(path: string, process: number, files: Files) {
    this.#path = path
    // pmdammv skips names that begin with a dot.
    this.#draftPath = join(dirname(path), `.${basename(path)}.${process}`)
    this.#files = files
  }

  /** Puts a new file in the place of the old one. Readers see the one or the other, for it has its name and its second generation only once it is whole. */
  async replace(bytes: Uint8Array): Promise<void> {
    const draft = await this.#draft()
    try {
      await writeAll(draft, bytes, 0, bytes.length)
      const generation = bytes.slice(secondGenerationAt - generationBytes, secondGenerationAt)
      await writeAll(draft, generation, 0, generationBytes, secondGenerationAt)
      await this.#files.rename(this.#draftPath, this.#path)
    } catch (error) {
      await draft.close().catch(() => {})
      await this.#files.rm(this.#draftPath, { force: true }).catch(() => {})
      throw error
    }
    const old = this.#handle
    this.#handle = draft
    await retire(old)
  }

  /** Writes a stretch of the bytes to where it is in the file. */
  async update(bytes: Uint8Array, { start, end }: Stretch): Promise<void> {
    if (this.#handle !== undefined) await writeAll(this.#handle, bytes, start, end - start, start)
  }

  /** Whose file is at the path: `nobody`'s where there is none. */
  async owner(): Promise<'us' | 'others' | 'nobody'> {
    const there = await this.#files.stat(this.#path).catch((error) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (there === undefined) return 'nobody'
    const own = await this.#handle?.stat()
    return own?.ino === there.ino && own.dev === there.dev ? 'us' : 'others'
  }

  /** Takes the file away, unless it has become another's. */
  async remove(): Promise<void> {
    try {
      if (this.#handle !== undefined && (await this.owner()) === 'us') await this.#files.rm(this.#path, { force: true })
    } finally {
      const old = this.#handle
      this.#handle = undefined
      await retire(old)
    }
  }

  async #draft(): Promise<OpenFile> {
    await this.#files.rm(this.#draftPath, { force: true })
    return this.#files.open(this.#draftPath, newFile, 0o644)
  }
}

/** Who has mapped it sees by its generations that it is over: the time of the folder has whole seconds, and may not tell. */
async function retire(handle: OpenFile | undefined): Promise<void> {
  if (handle === undefined) return
  await writeAll(handle, nothing, 0, nothing.length, secondGenerationAt - generationBytes).catch(() => {})
  await handle.close().catch(() => {})
}

async function writeAll(
  handle: OpenFile,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position = 0,
): Promise<void> {
  for (let done = 0; done < length; ) {
    const { bytesWritten } = await handle.write(bytes, offset + done, length - done, position + done)
    if (bytesWritten === 0) throw new Error('the file takes no more')
    done += bytesWritten
  }
}
