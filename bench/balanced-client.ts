// The claim about clients of many instances: to choose one, to watch it and to be ready for its failure costs little beside the call.
import { claim } from './harness/claim.ts'
import { type DrivenOptions, driven } from './harness/driven.ts'
import { nodeProgram } from './harness/program.ts'
import type { Row } from './harness/row.ts'

const instances = '3'

function row(name: string, contract: 'addsvc' | 'repeatable', bar: number): Row {
  const options: DrivenOptions = {
    server: () => nodeProgram('servers/target.ts', instances),
    ours: { program: (...urls) => nodeProgram('clients/ours-balanced.ts', contract, ...urls) },
    peers: [
      { name: 'http client', bar, program: (url = '') => nodeProgram('clients/ours-piped.ts', 'bare', contract, url) },
      {
        name: 'http client with its pipeline',
        program: (url = '') => nodeProgram('clients/ours-piped.ts', 'piped', contract, url),
      },
    ],
  }
  return driven(name, options)
}

await claim({
  name: 'balanced-client',
  says: 'To choose among instances, with the whole preset on, costs little beside a call over HTTP.',
  packages: ['zod', 'undici'],
  rows: [row('balanced', 'addsvc', 0.85), row('balanced idempotent', 'repeatable', 0.85)],
})
