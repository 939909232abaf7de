// What is used of OpenTelemetry's logs, whose logger is taken as a value: that of @opentelemetry/api-logs, or of @opentelemetry/api from 1.10 on.
import type { Context } from '@opentelemetry/api'

/** What an attribute or a body can be. */
export type OtelValue =
  | string
  | number
  | boolean
  | Uint8Array
  | OtelValue[]
  | { [key: string]: OtelValue }
  | null
  | undefined

/** Named values. */
export type OtelAttributes = { [key: string]: OtelValue }

/** A record of OpenTelemetry's data model for logs. */
export interface OtelRecord {
  /** Seconds since the epoch, and nanoseconds. */
  timestamp: [number, number]
  severityNumber: number
  severityText: string
  body?: string
  attributes: OtelAttributes
  /** The trace that it belongs to. */
  context?: Context
}

/** A logger of OpenTelemetry. */
export interface OtelLogger {
  emit(record: OtelRecord): void
  /** Whether a record would be taken. */
  enabled?(options: { severityNumber?: number; context?: Context }): boolean
}
