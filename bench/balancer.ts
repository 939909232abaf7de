// The claim about balancers: to choose an instance costs next to nothing, however many there are.
import { filterRow } from './balancer/filter.ts'
import { grpcRow } from './balancer/grpc-js.ts'
import { flatRows, sizeRows } from './balancer/picks.ts'
import { claim } from './harness/claim.ts'

await claim({
  name: 'balancer',
  says: 'To choose an instance costs next to nothing, however many there are.',
  packages: ['@grpc/grpc-js'],
  rows: [...flatRows, grpcRow, filterRow, ...sizeRows],
})
