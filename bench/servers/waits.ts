// The service that only waits, for its instances and their callers.
import { contract, unary } from 'servicekit'

export const slots = 16
export const meanMs = 40
export const sigma = 0.5

export const waits = contract('waits', { work: unary.of<number, number>({ idempotent: true }) })
