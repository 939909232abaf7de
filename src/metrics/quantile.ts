// Quantiles of a histogram's buckets, estimated as Prometheus does, so that two places which show the same histogram say the same.

/**
 * Estimates a quantile, from 0 to 1, of values counted in buckets: `bounds` are the upper bounds of all but the last bucket, `counts` how many values
 * each of them holds by itself. Within a bucket values are taken to lie evenly; the first one begins at 0 unless its bound
 * is below; a quantile in the last one, which has no end, is that bucket's beginning. NaN where there are no values, or no bounds.
 *
 * These are the rules of Prometheus' `histogram_quantile`.
 */
export function bucketQuantile(quantile: number, bounds: ArrayLike<number>, counts: ArrayLike<number>): number {
  let count = 0
  for (let bucket = 0; bucket <= bounds.length; bucket++) count += at(counts, bucket)
  if (count === 0 || bounds.length === 0) return NaN
  const rank = quantile * count
  let below = 0
  for (let bucket = 0; bucket < bounds.length; bucket++) {
    const inside = at(counts, bucket)
    if (inside > 0 && below + inside >= rank) {
      const end = at(bounds, bucket)
      if (bucket === 0 && end <= 0) return end
      const start = bucket === 0 ? 0 : at(bounds, bucket - 1)
      return start + (end - start) * ((rank - below) / inside)
    }
    below += inside
  }
  return at(bounds, bounds.length - 1)
}

function at(list: ArrayLike<number>, index: number): number {
  return list[index] ?? 0
}
