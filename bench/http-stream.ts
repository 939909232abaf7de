// The claim about streaming over HTTP: each message of a server stream costs about what it costs by hand.
import { claim } from './harness/claim.ts'
import { nodeProgram } from './harness/program.ts'
import { served } from './harness/served.ts'

const messages = 1_000

const streamRow = served('stream', {
  job: { path: '/count', body: JSON.stringify({ count: messages }), connections: 8 },
  correct(reply) {
    // A stream may end with a line of its own.
    const lines = reply.trim().split('\n').slice(0, messages)
    return lines.length === messages && lines.every((line, n) => JSON.parse(line).n === n)
  },
  counted: { unit: 'message', perCall: messages },
  ours: { program: () => nodeProgram('servers/ours.ts') },
  peers: [{ name: 'bare', bar: 0.7, program: () => nodeProgram('servers/bare-stream.ts') }],
})

await claim({
  name: 'http-stream',
  says: 'A message of a server stream costs about what it costs in a hand-written NDJSON loop.',
  packages: ['zod'],
  rows: [streamRow],
})
