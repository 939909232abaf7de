// bottleneckError: what the errors of the package `bottleneck` are in our codes.
import { ServiceError } from '../../core/errors.ts'
import { limitReached } from '../limit-reached.ts'
import { refusal } from '../refusal.ts'

/** Goes by the texts of Bottleneck, which has one class for all its errors; those of stopping can be set, so that all others are those. */
export function bottleneckError(thrown: unknown): ServiceError {
  const text = thrown instanceof Error ? thrown.message : ''
  if (text.startsWith('Impossible to add a job'))
    return new ServiceError('resource_exhausted', 'the call weighs too much', { retry: 'never', cause: thrown })
  if (text === 'This job has been dropped by Bottleneck') return limitReached(undefined, thrown)
  return refusal('unavailable', 'the limiter takes no calls', undefined, thrown)
}
