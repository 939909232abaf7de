// quantile: the smallest of some numbers that a share of them does not exceed.

/** Of numbers in ascending order; NaN where there are none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
