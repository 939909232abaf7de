// What a stream asks of the system: an interface, so that a test can answer as a full pipe or a full disk would.
import { close, write, writeSync } from 'node:fs'

/** Tells what became of a write. */
export type Written = (error: NodeJS.ErrnoException | null, bytes: number) => void

/** The calls of `node:fs` that a stream makes, and a pause. */
export interface Kernel {
  write(fd: number, bytes: Uint8Array, offset: number, length: number, position: null, done: Written): void
  /** Throws what `write` would tell. */
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number): number
  close(fd: number, done: () => void): void
  /** Stops the whole thread: for the end of a process, where nothing else can wait. */
  pause(ms: number): void
}

const nobody = new Int32Array(new SharedArrayBuffer(4))

/** The kernel that there is. */
export const nodeKernel: Kernel = { write, writeSync, close, pause: (ms) => void Atomics.wait(nobody, 0, 0, ms) }
