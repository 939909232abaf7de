// The row about two choices: beside what is written by hand where there is no balancer.
import { rootContext } from 'servicekit'
import { twoChoices } from 'servicekit/discovery/two-choices'
import { timed } from '../harness/timed.ts'
import { busyCandidates } from './candidates.ts'
import { picksOf } from './picks.ts'

const count = 1_000

export const filterRow = timed('two-choices filter', {
  ours: { prepare: () => picksOf(twoChoices(), count, rootContext()) },
  peers: [
    {
      name: 'by hand',
      bar: 40,
      async prepare() {
        const instances = await busyCandidates(count)
        return () => {
          const healthy = instances.filter((instance) => instance.healthy)
          return healthy[Math.floor(Math.random() * healthy.length)]
        }
      },
    },
  ],
})
