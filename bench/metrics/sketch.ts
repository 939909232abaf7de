// The row about the quantile sketch behind a summary: what one observation costs.
import { DDSketch as Peer } from '@datadog/sketches-js'
import { timed } from '../harness/timed.ts'
// No door leads to it, for it is a part of others; measured is what is published all the same.
import { DDSketch } from '../node_modules/servicekit/primitives/ddsketch.js'
import { logNormals } from './log-normals.ts'

const relativeErrorRatio = 0.01

/** Few enough to stay in the caches. */
const values = logNormals(4_096)
const mask = values.length - 1

export const sketch = timed('sketch', {
  rounds: 21,
  ours: {
    prepare() {
      const ours = new DDSketch({ relativeErrorRatio })
      let i = 0
      return () => {
        i = (i + 1) & mask
        ours.record(values[i] as number)
      }
    },
  },
  peers: [
    {
      name: '@datadog/sketches-js',
      bar: 1,
      prepare() {
        const peer = new Peer({ relativeAccuracy: relativeErrorRatio })
        let i = 0
        return () => {
          i = (i + 1) & mask
          peer.accept(values[i] as number)
        }
      },
    },
  ],
})
