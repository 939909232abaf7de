// The few figures that stand for many: chosen so that one slice which another process disturbed does not move them.

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** How far the middle half of the values lies apart, as a share of their median. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / Math.abs(median(values))
}

/** How much y grows with one of x, by least squares. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = mean(points.map(([x]) => x))
  const meanY = mean(points.map(([, y]) => y))
  const rise = points.map(([x, y]) => (x - meanX) * (y - meanY))
  const run = points.map(([x]) => (x - meanX) ** 2)
  return mean(rise) / mean(run)
}

/** Between two values where the share falls between them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
