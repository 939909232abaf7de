// The rows about a whole pipeline, on the path where nothing fails: its time, and what it allocates.
import { allocated } from '../harness/allocated.ts'
import { timed } from '../harness/timed.ts'
import { cockatiel, five, preset } from './pipelines.ts'

export const fiveRow = timed('five', {
  ours: { prepare: five },
  peers: [{ name: 'cockatiel wrap of three', bar: 7, prepare: cockatiel }],
})

export const allocationRow = allocated('allocation', {
  ours: { prepare: five },
  peer: { name: 'cockatiel wrap of three', bar: 4, prepare: cockatiel },
})

export const presetRow = timed('preset', {
  ours: { prepare: preset },
  peers: [{ name: 'cockatiel wrap of three', bar: 5, prepare: cockatiel }],
})
