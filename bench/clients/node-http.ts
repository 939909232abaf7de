// `node:http` with an agent that keeps its connections.
import { Agent, type IncomingMessage, request } from 'node:http'
import { calling } from './calling.ts'

const agent = new Agent({ keepAlive: true })
const headers = { 'content-type': 'application/json' }

calling((url) => {
  const { hostname, port } = new URL(url)
  return () =>
    new Promise((resolve, reject) => {
      const options = { agent, hostname, port, path: '/sum', method: 'POST', headers }
      const sent = request(options, (response) => read(response, resolve, reject))
      sent.on('error', reject)
      sent.end(JSON.stringify({ a: 1, b: 2 }))
    })
})

function read(
  response: IncomingMessage,
  resolve: (reply: { total: number }) => void,
  reject: (error: Error) => void,
): void {
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
  })
  response.on('error', reject)
  response.on('end', () => {
    if (response.statusCode === 200) resolve(JSON.parse(text))
    else reject(new Error(`status ${response.statusCode}`))
  })
}
