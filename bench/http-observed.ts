// The claim about observing: a service that measures and logs every call is about as fast as one that does nothing of it.
import { claim } from './harness/claim.ts'
import { nodeProgram } from './harness/program.ts'
import { served } from './harness/served.ts'

const observedRow = served('observed', {
  job: { path: '/sum', body: '{"a":1,"b":2}', connections: 32 },
  correct: (reply) => JSON.parse(reply).total === 3,
  ours: { program: () => nodeProgram('servers/ours-observed.ts') },
  peers: [
    { name: 'bare', bar: 0.85, program: () => nodeProgram('servers/bare.ts') },
    { name: 'servicekit, unobserved', program: () => nodeProgram('servers/ours.ts') },
    { name: 'servicekit, with the policies of serve', program: () => nodeProgram('servers/ours-served.ts') },
  ],
})

await claim({
  name: 'http-observed',
  says: 'RED metrics and a sampled call log on every call cost little beside serving it.',
  packages: ['zod'],
  rows: [observedRow],
})
