// occupancy: how busy an instance would be with one more call, by its weight.
import type { Candidate } from './candidate.ts'

/** Calls in flight and the new one, for each unit of weight; Infinity for what weighs nothing. With no calls, more weight comes first. */
export function occupancy(candidate: Candidate): number {
  return (candidate.inFlight + 1) / candidate.weight
}
