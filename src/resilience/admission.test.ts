// Tests of admission.ts: the loop by itself, and closed around a server with more load than it can take, on virtual time.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Criticality } from '../core/inbound.ts'
import { seededRandom } from '../primitives/random.ts'
import { Admission, type AdmissionSettings } from './admission.ts'

const defaults: AdmissionSettings = {
  intervalMs: 100,
  maxSojournMs: 20,
  maxInFlightMs: Infinity,
  pressureAt: () => 0,
  random: seededRandom(1),
}

const dearestFirst: readonly Criticality[] = ['critical_plus', 'critical', 'sheddable_plus', 'sheddable']

function sharesOf(admission: Admission): number[] {
  return dearestFirst.map((level) => admission.levels[level].share)
}

describe('Admission', () => {
  it('refuses no call while a less critical one may begin, whatever happens', () => {
    const step = fc.record({
      came: fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30), fc.nat(30)),
      completed: fc.nat(60),
      waitedMs: fc.integer({ min: 0, max: 2_000 }),
      inFlight: fc.nat(500),
      pressure: fc.oneof(fc.double({ min: 0, max: 30, noNaN: true }), fc.constantFrom(Number.NaN, Infinity, -1)),
      passedMs: fc.integer({ min: 0, max: 3_000 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let now = 0
        let pressure = 0
        const admission = new Admission({
          ...defaults,
          maxInFlightMs: 250,
          pressureAt: () => pressure,
          random: seededRandom(2),
        })
        for (const { came, completed, waitedMs, inFlight, pressure: pressed, passedMs } of steps) {
          pressure = pressed
          admission.inFlight = inFlight
          came.forEach((count, place) => {
            for (let i = 0; i < count; i++) admission.admits(dearestFirst[place] as Criticality, now)
          })
          for (let i = 0; i < completed; i++) admission.complete()
          admission.waited(waitedMs)
          now += passedMs
          const shares = sharesOf(admission)
          for (const share of shares) assert.ok(share >= 0 && share <= 1, `a share of ${share}`)
          const first = shares.findIndex((share) => share < 1)
          if (first !== -1) assert.deepEqual(shares.slice(first + 1), Array(3 - first).fill(0))
        }
      }),
    )
  })

  it('gives the rate to the dearest calls first, and what is left to a share of the next', () => {
    let now = 0
    const admission = new Admission({ ...defaults, pressureAt: () => 2 })
    // A hundred calls of each level in an interval, of which 250 in all are completed.
    for (let interval = 0; interval < 30; interval++) {
      for (const level of dearestFirst) for (let i = 0; i < 100; i++) admission.admits(level, now)
      for (let i = 0; i < 250; i++) admission.complete()
      now += 100
    }
    const [criticalPlus, critical, sheddablePlus, sheddable] = sharesOf(admission) as [number, number, number, number]
    assert.deepEqual([criticalPlus, critical, sheddable], [1, 1, 0])
    // At twice the limit a tenth less than was completed: 225.
    assert.ok(Math.abs(sheddablePlus - 0.25) < 0.01, `a share of ${sheddablePlus}`)
  })

  it('does not end at nothing when less that begins does not relieve the pressure', () => {
    let now = 0
    const admission = new Admission({ ...defaults, pressureAt: () => 1.5 })
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 1_000; i++) if (admission.admits('sheddable', now++)) admission.complete()
    }
    const { share } = admission.levels.sheddable
    assert.ok(share > 0.9 && share < 1, `a share of ${share}`)
  })

  it('lets one call a second begin when nothing is completed, to find out when that changes', () => {
    let now = 0
    const admission = new Admission(defaults)
    const call = (calls: number) => {
      for (let i = 0; i < calls; i++) {
        admission.admits('critical', now++)
        admission.inFlight = 100
        admission.waited(1_000)
      }
      return admission.levels.critical.admitted
    }
    const before = call(10_000)
    const admitted = call(60_000) - before
    assert.ok(admitted > 30 && admitted < 90, `${admitted} in 60 s`)
  })

  it('takes a pressure that throws for none, and lets the error surface', (t) => {
    const later: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => later.push(run))
    const admission = new Admission({
      ...defaults,
      pressureAt: () => {
        throw new Error('mine')
      },
    })
    for (let now = 0; now < 250; now++) assert.equal(admission.admits('sheddable', now), true)
    assert.equal(admission.load.pressure, 0)
    assert.throws(() => later[0]?.(), { message: 'mine' })
  })

  it('knows that who waited long came long ago: a queue that is nearly gone is not one that stands', () => {
    const admission = new Admission(defaults)
    for (let now = 0; now < 1_000; now++) {
      admission.admits('sheddable', now)
      admission.complete()
      admission.waited(500)
      admission.inFlight = 5
    }
    assert.ok(admission.load.sojourn < 1, 'five calls, at one a millisecond')
  })
})

/** How many calls a second the server completes, a few at once. */
const capacity = 1_000
const slots = 10
const deadlineMs = 1_000

interface Call {
  readonly at: number
  readonly isCritical: boolean
}

/** What became of calls. */
interface Counts {
  /** Answered in time. */
  good: number
  /** Refused, or answered too late. */
  lost: number
  critical: number
  criticalLost: number
}

/**
 * A server with slots and a queue, and callers who do not wait for each other (an open loop). They give up after a second, in the queue
 * too. Arrivals and service times are exponential.
 */
class Server {
  readonly admission: Admission
  readonly #tellsWaits: boolean
  readonly #random = seededRandom(7)
  readonly #queue: Call[] = []
  /** What is being served; the next one to be done last. */
  readonly #busy: { readonly call: Call; readonly doneAt: number }[] = []
  #now = 0
  #nextAt = 0
  #counts: Counts = { good: 0, lost: 0, critical: 0, criticalLost: 0 }

  constructor(settings: Partial<AdmissionSettings>, tellsWaits: boolean) {
    this.admission = new Admission({ ...defaults, random: seededRandom(8), ...settings })
    this.#tellsWaits = tellsWaits
  }

  /** Runs for so many seconds with a load of `ratioAt` times the capacity. */
  run(seconds: number, ratioAt: (now: number) => number): Counts {
    this.#counts = { good: 0, lost: 0, critical: 0, criticalLost: 0 }
    const until = this.#now + seconds * 1_000
    while (this.#now < until) {
      const doneAt = this.#busy.at(-1)?.doneAt ?? Infinity
      this.#now = Math.min(doneAt, this.#nextAt)
      if (doneAt <= this.#nextAt) this.#finish()
      else {
        this.#arrive()
        this.#nextAt += this.#exponential(1_000 / (capacity * ratioAt(this.#now)))
      }
      this.#begin()
    }
    return this.#counts
  }

  /** A quarter of the calls is critical. */
  #arrive(): void {
    const chance = this.#random()
    const level = chance < 0.25 ? 'critical' : chance < 0.625 ? 'sheddable_plus' : 'sheddable'
    const call = { at: this.#now, isCritical: level === 'critical' }
    if (call.isCritical) this.#counts.critical++
    if (!this.admission.admits(level, this.#now)) this.#lose(call)
    else {
      this.admission.inFlight++
      this.#queue.push(call)
    }
  }

  #begin(): void {
    while (this.#busy.length < slots) {
      const call = this.#queue.shift()
      if (call === undefined) return
      const waitedMs = this.#now - call.at
      if (this.#tellsWaits) this.admission.waited(waitedMs)
      if (waitedMs > deadlineMs) {
        this.admission.inFlight--
        this.#lose(call)
      } else {
        this.#busy.push({ call, doneAt: this.#now + this.#exponential((slots / capacity) * 1_000) })
        this.#busy.sort((a, b) => b.doneAt - a.doneAt)
      }
    }
  }

  #finish(): void {
    const { call } = this.#busy.pop() as { call: Call }
    this.admission.inFlight--
    this.admission.complete()
    if (this.#now - call.at > deadlineMs) this.#lose(call)
    else this.#counts.good++
  }

  #lose(call: Call): void {
    this.#counts.lost++
    if (call.isCritical) this.#counts.criticalLost++
  }

  #exponential(mean: number): number {
    return -Math.log(1 - this.#random()) * mean
  }
}

describe('Admission to a server that gets three times the load that it can take, a quarter of it critical', () => {
  const loads = {
    even: () => 3,
    'in bursts': (now: number) => (Math.floor(now / 500) % 2 === 0 ? 4 : 2),
  }
  const signals = {
    'how long calls wait': [{}, true],
    'what is in flight': [{ maxInFlightMs: 150 }, false],
  } as const
  for (const [load, ratioAt] of Object.entries(loads)) {
    for (const [signal, [settings, tellsWaits]] of Object.entries(signals)) {
      it(`keeps goodput and critical calls, and is back within 2 s, with a load that is ${load}, from ${signal}`, () => {
        const server = new Server(settings, tellsWaits)
        assert.equal(server.run(5, () => 0.7).lost, 0)
        const { good, critical, criticalLost } = server.run(60, ratioAt)
        assert.ok(good >= 0.9 * capacity * 60, `goodput ${good / (capacity * 60)}`)
        assert.ok(criticalLost <= 0.01 * critical, `critical calls lost: ${criticalLost / critical}`)
        server.run(2, () => 0.7)
        assert.equal(server.run(5, () => 0.7).lost, 0)
        assert.equal(server.admission.isLimited, false)
      })
    }
  }

  it('would complete next to nothing in time without it', () => {
    const server = new Server({ maxSojournMs: Infinity }, true)
    server.run(5, () => 3)
    assert.ok(server.run(20, () => 3).good < 0.2 * capacity * 20)
  })
})
