// What the clients call: it answers as fast as Node can, so that it is the clients who are busy.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { answer } from '../harness/worker.ts'

const body = '{"total":3}'
const reply = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: keep-alive\r\n\r\n${body}`,
)

/** Counts only bytes: a request is over once its head and as much of a body as it announced have come. */
function serve(socket: Socket): void {
  let pending = ''
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1')
    for (let end = endOf(pending); end !== -1 && end <= pending.length; end = endOf(pending)) {
      pending = pending.slice(end)
      socket.write(reply)
    }
  })
}

/** Where the first request ends; -1 while its head is not complete. */
function endOf(pending: string): number {
  const head = pending.indexOf('\r\n\r\n')
  if (head === -1) return -1
  const length = /\r\ncontent-length: *(\d+)/i.exec(pending)?.[1]
  if (length === undefined) throw new Error('this server takes no body of unknown length')
  return head + 4 + Number(length)
}

async function listening(): Promise<string> {
  const server = createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

// One process however many instances it plays: their work would share a core anyway.
const urls: string[] = []
for (let instances = Number(process.argv[2] ?? 1); instances > 0; instances--) urls.push(await listening())
answer({ url: urls[0], urls })
