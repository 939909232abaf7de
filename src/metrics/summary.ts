// Summary: quantiles of one process over the last minutes. Quantiles of several hosts cannot be added or averaged: use a histogram for those.
import type { Clock } from '../core/clock.ts'
import { checkNumber } from '../primitives/check.ts'
import { DDSketch } from '../primitives/ddsketch.ts'
import type { MetricSpec } from './metric-spec.ts'

/** What a summary says of itself. */
export interface SummarySpec<L extends string = never> extends MetricSpec<L> {
  /** Which quantiles are shown, from 0 to 1, each once and in ascending order. @default [0.5, 0.9, 0.95, 0.99] */
  readonly quantiles?: readonly number[] | undefined
  /** How far a quantile may be from the true one, relative to it. @default 0.01 */
  readonly relativeErrorRatio?: number | undefined
  /** How far back the quantiles reach, in milliseconds; they move on in fifths of it. @default 600_000 */
  readonly maxAgeMs?: number | undefined
}

/** Takes values whose quantiles are shown. */
export interface Summary {
  /** Takes a value. What is not a finite number is left out. */
  observe(value: number): void
}

/** What all series of a summary share. */
export interface SummaryShape {
  readonly quantiles: readonly number[]
  readonly relativeErrorRatio: number
  readonly maxAgeMs: number
}

/** Looks at what a summary's spec says beyond that of other metrics. Throws a RangeError or TypeError that names the option. */
export function checkSummary(spec: SummarySpec<string>): SummaryShape {
  const { name, quantiles = [0.5, 0.9, 0.95, 0.99], relativeErrorRatio = 0.01, maxAgeMs = 600_000 } = spec
  if (!Array.isArray(quantiles)) throw new TypeError(`metric ${name}: quantiles must be a list of numbers`)
  for (const quantile of quantiles) checkNumber(`metric ${name}: quantiles`, quantile, { min: 0, max: 1 })
  checkNumber(`metric ${name}: relativeErrorRatio`, relativeErrorRatio, { min: 0.0001, max: 0.5 })
  checkNumber(`metric ${name}: maxAgeMs`, maxAgeMs, { min: 1_000, max: 86_400_000 })
  return { quantiles: [...new Set(quantiles)].sort((a, b) => a - b), relativeErrorRatio, maxAgeMs }
}

/** Into how many parts the age is cut: the oldest part is forgotten as a whole. */
const parts = 5

/** One series of a summary in memory. */
export class SummarySeries implements Summary {
  readonly values: readonly string[]
  readonly shape: SummaryShape
  readonly #clock: Clock
  /** The part of the present is the last one. */
  readonly #sketches: DDSketch[] = []
  #partEndsAt: number
  #sum = 0
  #count = 0

  constructor(values: readonly string[], shape: SummaryShape, clock: Clock) {
    this.values = values
    this.shape = shape
    this.#clock = clock
    this.#partEndsAt = clock.now() + shape.maxAgeMs / parts
  }

  /** Of all values since the beginning. */
  get sum(): number {
    return this.#sum
  }

  /** Of all values since the beginning. */
  get count(): number {
    return this.#count
  }

  observe(value: number): void {
    if (!Number.isFinite(value)) return
    this.#forget(this.#clock.now())
    let sketch = this.#sketches.at(-1)
    if (sketch === undefined) {
      sketch = new DDSketch(this.shape)
      this.#sketches.push(sketch)
    }
    sketch.record(value)
    this.#sum += value
    this.#count++
  }

  /** What `shape.quantiles` are of the values of the last `maxAgeMs`, in the same order; NaN where there are none. */
  quantiles(): number[] {
    this.#forget(this.#clock.now())
    const merged = new DDSketch(this.shape)
    for (const sketch of this.#sketches) merged.merge(sketch)
    return this.shape.quantiles.map((quantile) => merged.quantile(quantile))
  }

  #forget(now: number): void {
    if (now < this.#partEndsAt) return
    const partMs = this.shape.maxAgeMs / parts
    const passed = Math.floor((now - this.#partEndsAt) / partMs) + 1
    this.#partEndsAt += passed * partMs
    const kept = Math.max(0, parts - passed)
    this.#sketches.splice(0, this.#sketches.length - kept)
    // Parts without a value take their place too, so that those before them age.
    for (let part = 0; part < Math.min(passed, parts) && this.#sketches.length > 0; part++) {
      this.#sketches.push(new DDSketch(this.shape))
    }
  }
}
