// servicekit through its contract door: the one place that knows how our HTTP client is made.
import { httpClient } from 'servicekit/transport/http/client'
import { addsvc } from '../servers/addsvc.ts'
import { calling } from './calling.ts'

calling((url) => {
  const client = httpClient(addsvc, { baseUrl: url })
  return () => client.sum({ a: 1, b: 2 })
})
