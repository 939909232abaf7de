// What each series does for CloudWatch, whatever it measures.
import type { MetricDatum } from '@aws-sdk/client-cloudwatch'

/** What all data of a series have in common. */
export type DatumBase = Pick<MetricDatum, 'MetricName' | 'Dimensions' | 'Unit' | 'StorageResolution'>

/** One series, and what of it has yet to be sent. */
export interface DatumSeries {
  /** Takes what was measured since it was last asked. */
  take(Timestamp: Date): readonly MetricDatum[]
}

/** CloudWatch refuses what is further from 0. */
export const largest: number = 2 ** 360
