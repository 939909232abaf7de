// A receiver of StatsD that reads all and throws it away, but for the moments in which it is to add up.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { answer } from '../harness/worker.ts'

let isAdding = false
let sum = 0

const socket = createSocket({ type: 'udp4', recvBufferSize: 2 ** 22 }, (packet) => {
  if (!isAdding) return
  for (const line of packet.toString().split('\n')) sum += Number(/:([\d.]+)\|(?:c|ms)(?:\|#|$)/.exec(line)?.[1] ?? 0)
})
socket.bind(0, '127.0.0.1')
await once(socket, 'listening')

answer(
  { port: socket.address().port },
  {
    add: () => {
      isAdding = true
      sum = 0
      return {}
    },
    sum: () => ({ sum }),
    discard: () => {
      isAdding = false
      return {}
    },
  },
)
