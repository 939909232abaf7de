// Reads the body of a request by hand, as one does who has no framework: most bodies come in one piece.
import type { IncomingMessage } from 'node:http'

export function readBody(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => done((chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString()))
}
