// servicekit with one instance and the client's pipeline, or none. The first two arguments say whether, and which contract.
import { clientPipeline } from 'servicekit/presets/client-pipeline'
import { httpClient } from 'servicekit/transport/http/client'
import { contractOf } from '../servers/addsvc.ts'
import { calling } from './calling.ts'

calling((piped, which = '', baseUrl = '') => {
  const pipeline = piped === 'piped' ? clientPipeline() : undefined
  const client = httpClient(contractOf(which), { baseUrl, pipeline })
  return () => client.sum({ a: 1, b: 2 })
})
