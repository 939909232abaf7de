// axios with nothing set: on Node it goes through `node:http`, whose own agent keeps connections.
import { create } from 'axios'
import { calling } from './calling.ts'

calling((url) => {
  const client = create({ baseURL: url })
  return async () => (await client.post<{ total: number }>('/sum', { a: 1, b: 2 })).data
})
