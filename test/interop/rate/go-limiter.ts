// The limiter of golang.org/x/time/rate, in a program of ours that plays scripts on it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { go } from '../../servers/go.ts'
import { installationOf, installServer } from '../../servers/installation.ts'
import { placesOf } from '../../servers/places.ts'
import type { Server } from '../../servers/server.ts'
import type { Script, StepResult } from './script.ts'

const limiter: Server = {
  name: 'go-rate',
  source: go({
    folder: import.meta.dirname,
    module: 'golang.org/x/time',
    programs: { play: '.' },
    sources: ['main.go'],
  }),
}

/** Builds the program unless it is there; gives its path, or says why there is none. */
export async function bring(): Promise<{ readonly program: string; readonly missing?: string }> {
  const { cache } = placesOf()
  try {
    const there = installationOf(limiter, cache)
    const missing = there === undefined ? await limiter.source.missing() : undefined
    if (missing !== undefined) return { program: '', missing }
    const { folder } = there ?? (await installServer(limiter, cache, { say: console.error }))
    return { program: join(folder, 'bin', 'play') }
  } catch (error) {
    return { program: '', missing: error instanceof Error ? error.message : String(error) }
  }
}

/** What came of every step of the scripts. */
export async function goResults(program: string, scripts: readonly Script[]): Promise<StepResult[][]> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(scripts.map((each) => `${JSON.stringify(each)}\n`).join(''))
  const lines = (await text(child.stdout)).trimEnd().split('\n')
  assert.equal(lines.length, scripts.length)
  return lines.map((line) => JSON.parse(line))
}
