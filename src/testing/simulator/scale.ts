// From values to places on a line, and the round values that are written beside it.

/** Where values lie on an axis. */
export interface Scale {
  /** From 0 at the beginning of the axis to 1 at its end. */
  share(value: number): number
  /** The values that are written on it, all within it. */
  readonly ticks: readonly number[]
}

/** From `from` to a round number at or above `to`. */
export function linearScale(from: number, to: number, mostTicks = 5): Scale {
  const step = roundStep((to - from) / mostTicks)
  const last = Math.max(Math.ceil(to / step), Math.floor(from / step) + 1) * step
  return { share: (value) => (value - from) / (last - from), ticks: multiples(from, last, step) }
}

/** From `from` to `to`, with round numbers in between. */
export function exactScale(from: number, to: number, mostTicks = 10): Scale {
  return {
    share: (value) => (value - from) / (to - from),
    ticks: multiples(from, to, roundStep((to - from) / mostTicks)),
  }
}

/** Whole powers of ten from one at or below `from`, which is above 0, to one above it and at or above `to`. */
export function logScale(from: number, to: number): Scale {
  const first = Math.floor(Math.log10(from))
  const last = Math.max(Math.ceil(Math.log10(to)), first + 1)
  return {
    share: (value) => (Math.log10(value) - first) / (last - first),
    ticks: Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)),
  }
}

/** The next of 1, 2 and 5 times a power of ten. */
function roundStep(least: number): number {
  if (!(least > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((digit) => digit * power >= least) ?? 10)
}

function multiples(from: number, to: number, step: number): number[] {
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step)
}
