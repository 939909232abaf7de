// A process that announces itself in a folder: `announce.ts <folder> <id> <lease in ms> <rounds>`. It comes and goes some rounds, says that it
// stays then, and ends well when its input does; with a negative number of rounds it ends at once, and takes nothing back.
import { systemClock } from '../../../src/core/clock.ts'
import { localInstancer } from '../../../src/discovery/local/instancer.ts'
import { localRegistrar } from '../../../src/discovery/local/registrar.ts'
import { seededRandom } from '../../../src/primitives/random.ts'

const [folder = '', id = '', lease = '', times = ''] = process.argv.slice(2)
const rounds = Number(times)
const random = seededRandom(id)
const registrar = localRegistrar({
  folder,
  leaseMs: Number(lease),
  onError: ({ during, error }) => console.error(during, error),
})
const announce = (round: number) =>
  registrar.register('orders', { id: `${id}-${round}`, address: `127.0.0.1:${1_000 + round}` })

for (let round = 0; round < rounds; round++) {
  const registration = announce(round)
  if (random() < 0.8) await registration.registered
  await systemClock.sleep(random() * 20)
  await registration.close()
}
await announce(9_999).registered
if (rounds < 0) {
  // Watches, as a client in the same process would; neither of the two holds it.
  const instancer = localInstancer({ service: 'orders', folder })
  await new Promise<void>((resolve) => {
    instancer.subscribe(() => resolve())
  })
  console.log('stays')
} else {
  console.log('stays')
  process.stdin.once('end', () => void registrar[Symbol.asyncDispose]()).resume()
}
