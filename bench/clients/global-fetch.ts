// The fetch that Node has by itself.
import { calling } from './calling.ts'

const headers = { 'content-type': 'application/json' }

calling((url) => async () => {
  const response = await fetch(`${url}/sum`, { method: 'POST', headers, body: JSON.stringify({ a: 1, b: 2 }) })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return (await response.json()) as { total: number }
})
