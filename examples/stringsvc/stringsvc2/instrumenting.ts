// Instrumenting as a service decorator: how often, how long, and what came out.
import { systemClock } from 'servicekit'
import type { Metrics } from 'servicekit/metrics/metrics'
import type { StringService } from './service.ts'

export function instrumenting(next: StringService, metrics: Metrics): StringService {
  const labels = ['method', 'error'] as const
  const requests = metrics.counter({
    name: 'my_group_string_service_request_count',
    help: 'Number of requests received. May be summed over hosts.',
    labels,
  })
  const latency = metrics.summary({
    name: 'my_group_string_service_request_latency_microseconds',
    help: 'Total duration of requests in microseconds. Quantiles are host-local.',
    labels,
  })
  const results = metrics.summary({
    name: 'my_group_string_service_count_result',
    help: 'The result of each count method. Quantiles are host-local.',
  })

  const measure = (method: string, error: boolean, beganAt: number) => {
    requests.with({ method, error }).add()
    latency.with({ method, error }).observe((systemClock.now() - beganAt) * 1_000)
  }
  return {
    uppercase(request) {
      const beganAt = systemClock.now()
      const response = next.uppercase(request)
      measure('uppercase', response.err !== null, beganAt)
      return response
    },
    count(request) {
      const beganAt = systemClock.now()
      const response = next.count(request)
      measure('count', false, beganAt)
      results.observe(response.v)
      return response
    },
  }
}
