// Candidates as balancers see them in the middle of their work: those that an endpoint of many instances keeps, each called once, some called again.
import type { Endpoint } from 'servicekit'
import { balanced } from 'servicekit/discovery/balanced'
import type { Balancer } from 'servicekit/discovery/balancer'
import type { Candidate } from 'servicekit/discovery/candidate'
import { staticInstancer } from 'servicekit/discovery/static/instancer'
import { manualClock } from 'servicekit/testing/manual-clock'

/** What balancers choose among here. */
export type Target = Endpoint<unknown, unknown>

/** Gives each candidate its turn, and hands out what it was told of. */
class Spy implements Balancer<Target> {
  readonly name = 'spy'
  candidates: readonly Candidate<Target>[] = []
  next = 0

  update(candidates: readonly Candidate<Target>[]): void {
    this.candidates = candidates
  }

  pick(): Candidate<Target> | undefined {
    const candidate = this.candidates[this.next]
    if (candidate !== undefined) this.next++
    return candidate
  }
}

/** A set of that size, in its order: calls took 10 to 14 ms, weights are 1 to 3, and each seventh one has a call in flight. */
export async function busyCandidates(count: number): Promise<readonly Candidate<Target>[]> {
  const clock = manualClock()
  const spy = new Spy()
  const instances = Array.from({ length: count }, (_, at) => {
    const id = `i${String(at).padStart(5, '0')}`
    return { id, address: `${id}:80`, weight: 1 + (at % 3) }
  })
  const call = balanced({
    method: 'bench/call',
    instancer: staticInstancer(instances),
    balancer: spy,
    clock,
    connect:
      ({ id }) =>
      (_, ctx) =>
        clock.sleep(10 + (Number(id.slice(1)) % 5), ctx),
  })
  const ended = Promise.all(instances.map((_, at) => call(at)))
  await clock.advance(20)
  await ended
  for (let at = 0; at < count; at += 7) {
    spy.next = at
    // Virtual time stands still from now on, so that these never end.
    call(at).catch(() => {})
  }
  await clock.advance(0)
  const wrong = spy.candidates.findIndex(
    ({ inFlight, latencyMs, weight }, at) =>
      inFlight !== (at % 7 === 0 ? 1 : 0) || latencyMs !== 10 + (at % 5) || weight !== 1 + (at % 3),
  )
  if (spy.candidates.length !== count || wrong !== -1)
    throw new Error(`candidate ${wrong} of ${count} is not as it should be`)
  return spy.candidates
}
