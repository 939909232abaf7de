// Values as latencies are: for the rows that measure what takes them.
import { seededRandom } from '../node_modules/servicekit/primitives/random.js'

/** Seconds around 10 ms, the same ones each time, by Box and Muller. */
export function logNormals(count: number): Float64Array {
  const random = seededRandom('sketch')
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Float64Array.from({ length: count }, () => 0.01 * Math.exp(normal()))
}
