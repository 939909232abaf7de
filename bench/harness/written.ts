// A row about loggers: each writes lines to a file of its own, and what counts is the CPU of its process. Nobody may lose one.
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Contender } from './contender.ts'
import type { Program } from './program.ts'
import type { Row } from './row.ts'
import { type PeerSide, type Side, sliced } from './sliced.ts'

export interface WrittenOptions {
  readonly ours: Writer
  readonly peers: readonly (Writer & Omit<PeerSide, keyof Side>)[]
  /** Throws when that is not a line of what is logged. */
  correct(line: string): void
}

export interface Writer {
  /** Called once. It appends to the file; the answer to `run` is made of lines for about that many milliseconds, all of which are in the file by then. */
  program(file: string): Program
}

// A slice of a fast logger is some 30 MB, and a container's memory file system has room for 64.
const sliceMs = 100
const rounds = { warmUp: 20, measured: 31 }
/** In memory, if there is such a place: a disk that stalls is none of what is measured. */
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Measures microseconds of CPU, user and system with all threads, that a logger takes for a line. */
export function written(name: string, { ours, peers, correct }: WrittenOptions): Row {
  return {
    name,
    async run() {
      const folder = mkdtempSync(join(place, 'servicekit-bench-'))
      let files = 0
      const side = ({ program }: Writer): Side => {
        const file = join(folder, `${files++}.log`)
        return { program: () => program(file) }
      }
      const slice = async (contender: Contender, ms: number) => {
        const { lines = 0, cpuUs = Number.NaN, seconds = Number.NaN } = await contender.ask('run', String(ms))
        const text = taken(String(contender.hello['file']))
        const found = newlinesIn(text)
        if (found !== lines)
          throw new Error(`${contender.hello['file']}: ${lines} lines were logged, and ${found} are there`)
        correct(text.toString('utf8', 0, text.indexOf(newline)))
        return { units: lines, cpuUs, seconds }
      }
      try {
        return await sliced(name, {
          ours: side(ours),
          peers: peers.map((peer) => ({ ...peer, ...side(peer) })),
          rounds,
          unit: 'line',
          notes: [`${name}: to files in ${place}, in which no line is missing`],
          async verify(contender) {
            await slice(contender, 50)
          },
          work: (contender) => slice(contender, sliceMs),
        })
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  }
}

const newline = 0x0a

/** What is in the file, which is empty again then. */
function taken(file: string): Buffer {
  const text = readFileSync(file)
  truncateSync(file)
  return text
}

function newlinesIn(text: Buffer): number {
  let count = 0
  for (let at = text.indexOf(newline); at !== -1; at = text.indexOf(newline, at + 1)) count++
  return count
}
