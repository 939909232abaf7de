// The claim about calling over HTTP: a typed call costs about what its own dispatch into undici costs.
import { claim } from './harness/claim.ts'
import { type Client, driven } from './harness/driven.ts'
import { nodeProgram } from './harness/program.ts'

function client(file: string): Client {
  return { program: (url) => nodeProgram(`clients/${file}`, url) }
}

const sumRow = driven('client', {
  server: () => nodeProgram('servers/target.ts'),
  ours: client('ours.ts'),
  peers: [
    { name: 'undici dispatch', bar: 0.85, ...client('undici-dispatch.ts') },
    { name: 'undici request', bar: 1, ...client('undici-request.ts') },
    { name: 'node:http agent', bar: 1.9, ...client('node-http.ts') },
    { name: 'undici fetch', bar: 5, ...client('undici-fetch.ts') },
    { name: 'global fetch', bar: 6, ...client('global-fetch.ts') },
    { name: 'axios', bar: 8, ...client('axios.ts') },
  ],
})

await claim({
  name: 'http-client',
  says: 'Calling a contract over HTTP costs about what a hand-written dispatch into undici costs.',
  packages: ['zod', 'undici', 'axios'],
  rows: [sumRow],
})
