// A typed client of stringsvc: calls both methods with each word that it is given.
import { httpClient } from 'servicekit/transport/http/client'
import { stringsvc } from './stringsvc.ts'

const url = process.env['STRINGSVC_URL'] ?? 'http://127.0.0.1:8080'
await using client = httpClient(stringsvc, { baseUrl: url })

for (const s of process.argv.slice(2)) {
  const { v, err } = await client.uppercase({ s })
  const { v: bytes } = await client.count({ s })
  console.log(`${JSON.stringify(s)}: ${err ?? v}, ${bytes} bytes`)
}
