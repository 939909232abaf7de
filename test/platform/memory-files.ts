// Files in memory, for tests: with inodes as those of a disk, so that what is open goes on when its name is gone, and with faults at will.
import { constants } from 'node:fs'
import type { Files, OpenFile } from '../../src/metrics/pcp/mmv-file.ts'

/** What a name leads to. */
export interface MemoryFile {
  readonly ino: number
  bytes: Uint8Array
}

type Operation = 'open' | 'write' | 'rename' | 'rm' | 'stat'

/** A folder that is always there, unless a fault says otherwise. */
export class MemoryFiles implements Files {
  readonly files: Map<string, MemoryFile> = new Map()
  /** How many files are open. */
  openFiles = 0
  /** Every operation, and the path or the bytes that it was about. */
  readonly log: string[] = []
  /** Asked before each operation: what it gives is thrown, what it promises is waited for. */
  fault: (operation: Operation, path: string) => Error | Promise<void> | undefined = () => undefined
  /** The most that one write takes. */
  mostBytes = Infinity
  #inodes = 0

  async open(path: string, flags: number, _mode: number): Promise<OpenFile> {
    await this.#pass('open', path)
    if (this.files.has(path) && (flags & constants.O_EXCL) !== 0) throw failure('EEXIST')
    const file = { ino: ++this.#inodes, bytes: new Uint8Array() }
    this.files.set(path, file)
    this.openFiles++
    let isOpen = true
    return {
      write: async (bytes, offset, length, position) => {
        await this.#pass('write', path)
        const bytesWritten = Math.min(length, this.mostBytes)
        this.log.push(`${position}+${bytesWritten}`)
        const end = position + bytesWritten
        if (end > file.bytes.length) {
          const longer = new Uint8Array(end)
          longer.set(file.bytes)
          file.bytes = longer
        }
        file.bytes.set(bytes.subarray(offset, offset + bytesWritten), position)
        return { bytesWritten }
      },
      stat: async () => ({ ino: file.ino, dev: 1 }),
      close: async () => {
        if (isOpen) this.openFiles--
        isOpen = false
      },
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#pass('rename', from)
    const file = this.files.get(from)
    if (file === undefined) throw failure('ENOENT')
    this.files.delete(from)
    this.files.set(to, file)
  }

  async rm(path: string, _options: { readonly force: boolean }): Promise<void> {
    await this.#pass('rm', path)
    this.files.delete(path)
  }

  async stat(path: string): Promise<{ ino: number; dev: number }> {
    await this.#pass('stat', path)
    const file = this.files.get(path)
    if (file === undefined) throw failure('ENOENT')
    return { ino: file.ino, dev: 1 }
  }

  async #pass(operation: Operation, path: string): Promise<void> {
    const fault = this.fault(operation, path)
    if (fault instanceof Error) throw fault
    await fault
  }
}

/** As the platform has it. */
export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code })
}
