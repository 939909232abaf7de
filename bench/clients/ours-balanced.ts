// servicekit with all instances behind one client, with the preset as it ships. The first argument says which contract.
import { staticInstancer } from 'servicekit/discovery/static/instancer'
import { balancedClient } from 'servicekit/presets/balanced-client'
import { contractOf } from '../servers/addsvc.ts'
import { calling } from './calling.ts'

calling((which, ...urls) => {
  const instancer = staticInstancer(urls.map((url) => new URL(url).host))
  const client = balancedClient(contractOf(which), { instancer })
  return () => client.sum({ a: 1, b: 2 })
})
