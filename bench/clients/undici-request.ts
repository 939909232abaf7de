// undici at the door that its documentation begins with.
import { request } from 'undici'
import { calling } from './calling.ts'

const headers = { 'content-type': 'application/json' }

calling((url) => async () => {
  const { statusCode, body } = await request(`${url}/sum`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ a: 1, b: 2 }),
  })
  if (statusCode !== 200) throw new Error(`status ${statusCode}`)
  return (await body.json()) as { total: number }
})
