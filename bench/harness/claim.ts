// Runs the rows of one claim and prints what came out: the one function that a claim calls.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { machine } from './machine.ts'
import { json, table } from './report.ts'
import type { Row, RowResult } from './row.ts'

export interface Claim {
  readonly name: string
  /** What is claimed, in a sentence. */
  readonly says: string
  /** The packages beside servicekit whose versions matter. */
  readonly packages: readonly string[]
  readonly rows: readonly Row[]
}

/** Runs a claim as the arguments of the process say. A bar that is missed is published, and is no error. */
export async function claim({ name, says, packages, rows }: Claim): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, row: { type: 'string' } },
  })
  const row = rows.find((each) => each.name === values.row)
  if (values.help) {
    const names = rows.map((each) => each.name).join(', ')
    console.log(`usage: ./dev bench ${name} [--json]\n${says}\nRows: ${names}. --json prints one object on one line.`)
  } else if (row !== undefined) {
    await runHere(row)
  } else {
    const results: RowResult[] = []
    for (const each of rows) results.push(await runApart(each))
    const report = { claim: name, machine: machine(packages), results }
    console.log(values.json ? json(report) : `${says}\n\n${table(report)}`)
  }
}

/** In a process of its own, so that no row pays for the timers, the heap and the inline caches of those before it. */
async function runApart(row: Row): Promise<RowResult> {
  // Stdout is for the report alone: its reader may be a program.
  const child = fork(process.argv[1] ?? '', ['--row', row.name], { stdio: ['ignore', 2, 2, 'ipc'] })
  let result: RowResult | undefined
  child.on('message', (message: RowResult) => {
    result = message
  })
  const [code] = await once(child, 'exit')
  if (result === undefined) throw new Error(`row ${row.name} ended with exit code ${code} and without a result`)
  return result
}

async function runHere(row: Row): Promise<void> {
  // Whoever started this has gone, and with that the reader of the result.
  process.once('disconnect', () => process.exit(1))
  const result = await row.run()
  process.send?.(result, () => process.exit())
}
