// Writes for which the whole process waits: at its end nothing else can wait for them.
import type { Batch } from './batch.ts'
import type { Kernel } from './kernel.ts'
import { writeFailure } from './write-failure.ts'

/** How long a reader is waited for who takes nothing, and how long for all readers together. */
const stallMs = 100
const limitMs = 1_000

/** Writes with a limit to the time that it takes. */
export class LastWrites {
  readonly #kernel: Kernel
  #pausedMs = 0

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Writes what is left of a batch, or some of it; 0 when none of it can be written in time, or at all. */
  write(fd: number, { bytes, offset, rest }: Batch): number {
    for (let stalledMs = 0; ; stalledMs++) {
      try {
        const taken = this.#kernel.writeSync(fd, bytes, offset, rest)
        if (taken > 0) return taken
      } catch (thrown) {
        if (writeFailure((thrown as NodeJS.ErrnoException).code) !== 'full') return 0
      }
      if (stalledMs === stallMs || this.#pausedMs === limitMs) return 0
      this.#kernel.pause(1)
      this.#pausedMs++
    }
  }
}
