// Instrumenting as a service decorator, around a service that may take its time and may fail.
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

  /** What throws counts as an error, as does what `isError` finds in the response. */
  async function measure<T>(method: string, run: () => T | Promise<T>, isError: (response: T) => boolean): Promise<T> {
    const beganAt = systemClock.now()
    let error = true
    try {
      const response = await run()
      error = isError(response)
      return response
    } finally {
      requests.with({ method, error }).add()
      latency.with({ method, error }).observe((systemClock.now() - beganAt) * 1_000)
    }
  }
  return {
    uppercase: (request, ctx) =>
      measure(
        'uppercase',
        () => next.uppercase(request, ctx),
        ({ err }) => err !== null,
      ),
    async count(request, ctx) {
      const response = await measure(
        'count',
        () => next.count(request, ctx),
        () => false,
      )
      results.observe(response.v)
      return response
    },
  }
}
