// Scripts with what Go's limiter makes of them, kept in a file, so that ours is held to it where there is no Go. Run by itself it writes the file anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bring, goResults } from './go-limiter.ts'
import { randomScripts, type Script, type StepResult } from './script.ts'

export interface Vector extends Script {
  readonly results: readonly StepResult[]
}

const file = join(import.meta.dirname, 'vectors.jsonl')
const source =
  'golang.org/x/time v0.15.0, rate.Limiter, as test/interop/rate/main.go plays it; written by vectors.ts beside it'

/** The scripts of the file. Its first line says where they are from. */
export function vectors(): Vector[] {
  const [, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}

if (import.meta.main) {
  const { program, missing } = await bring()
  if (missing !== undefined) throw new Error(missing)
  const scripts = randomScripts(100, 2026)
  const results = await goResults(program, scripts)
  const lines = scripts.map((script, i) => ({ ...script, results: results[i] }))
  writeFileSync(file, [{ source }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''))
}
