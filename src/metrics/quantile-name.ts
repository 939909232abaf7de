// Which quantiles of a histogram are shown where a receiver knows none itself, and what they are called there.

/** Those that people look at. */
export const usualQuantiles: readonly number[] = [0.5, 0.9, 0.95, 0.99]

/** `p99.9` for 0.999. */
export function quantileName(quantile: number): string {
  // Multiplied as it is, 0.999 would be 99.89999999999999.
  return `p${Number((quantile * 100).toFixed(10))}`
}
