// LowestScore: the balancer of whom the lowest score wins, of all in a small set and of some that are drawn in a large one.
import type { Context } from '../core/context.ts'
import type { TriedInstances } from '../core/tried-instances.ts'
import type { Random } from '../primitives/random.ts'
import type { BadShare } from './bad-share.ts'
import { type Balancer, type PickTrace, triedIn } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { drawUntried } from './draw-untried.ts'
import { Draws } from './draws.ts'

/** What tells one such balancer from another. */
export interface LowestScoreOptions {
  readonly name: string
  readonly random: Random
  /** Up to how many candidates are all looked at. */
  readonly scanUpTo: number
  /** How many are drawn above that, from 2 to 64; or what tells it, and learns from the scores. */
  readonly choices: number | BadShare
  /** Infinity for whom nothing should be sent to while another one is left. */
  readonly score: (candidate: Candidate, now: number) => number
  /** Whether the score needs the time, which takes longer to read than all the rest. */
  readonly timed: boolean
}

/**
 * Of equal ones in a small set each has its turn; else chance decides. Of those with the score Infinity none is given while one has another,
 * and what was not tried comes before that.
 */
export class LowestScore<Target> implements Balancer<Target> {
  readonly name: string
  readonly #draws: Draws
  readonly #scanUpTo: number
  readonly #choices: number
  readonly #badShare: BadShare | undefined
  readonly #score: (candidate: Candidate, now: number) => number
  readonly #timed: boolean
  /** Of those that one pick has drawn. */
  readonly #scores = new Float64Array(64)
  #candidates: readonly Candidate<Target>[] = []
  /** Where to begin to look at all: behind the one that was given last, so that of equal ones each has its turn. */
  #turn = -1
  /** Whether there is anyone who should be sent to. */
  #weighs = false

  constructor({ name, random, scanUpTo, choices, score, timed }: LowestScoreOptions) {
    this.name = name
    this.#draws = new Draws(random)
    this.#scanUpTo = scanUpTo
    this.#choices = typeof choices === 'number' ? choices : 0
    this.#badShare = typeof choices === 'number' ? undefined : choices
    this.#score = score
    this.#timed = timed
  }

  update(candidates: readonly Candidate<Target>[]): void {
    this.#candidates = candidates
    this.#weighs = candidates.some(({ weight }) => weight > 0)
    // By chance at first: else all processes that begin at the same time would begin with the same instance.
    if (this.#turn === -1 && candidates.length > 0) this.#turn = this.#draws.below(candidates.length)
    if (this.#turn >= candidates.length) this.#turn = 0
  }

  pick(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> | undefined {
    return trace === undefined ? this.#choose(ctx) : this.#draws.peek(() => this.#choose(ctx, trace))
  }

  #choose(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> | undefined {
    const candidates = this.#candidates
    const count = candidates.length
    if (count < 2 && trace === undefined) return candidates[0]
    const now = this.#timed ? ctx.clock.now() : 0
    const tried = triedIn(ctx)
    if (count > this.#scanUpTo && count > 1) return candidates[this.#lowestDrawn(now, tried, trace)]
    const at = this.#lowestFrom(this.#turn, now, tried, trace)
    if (trace === undefined) this.#turn = at + 1 < count ? at + 1 : 0
    return candidates[at]
  }

  /** Looks at all, from one on; 0 where there is none. */
  #lowestFrom(start: number, now: number, tried: TriedInstances | undefined, trace?: PickTrace<Target>): number {
    const candidates = this.#candidates
    const count = candidates.length
    let lowest = -1
    let lowestScore = Infinity
    for (let step = 0, at = start; step < count; step++, at = at + 1 < count ? at + 1 : 0) {
      const candidate = candidates[at] as Candidate<Target>
      if (tried?.has(candidate.instance.id)) continue
      const score = this.#score(candidate, now)
      trace?.consider(candidate, score)
      if (lowest === -1 || score < lowestScore) {
        lowest = at
        lowestScore = score
      }
    }
    if (lowest !== -1) return lowest
    return tried === undefined ? 0 : this.#lowestFrom(start, now, undefined, trace)
  }

  /** Looks at some, the first two of them different. */
  #lowestDrawn(now: number, tried: TriedInstances | undefined, trace?: PickTrace<Target>): number {
    const candidates = this.#candidates
    const scores = this.#scores
    const choices = this.#badShare === undefined ? this.#choices : this.#badShare.choices
    let lowest = drawUntried(candidates, this.#draws, tried)
    const first = candidates[lowest] as Candidate<Target>
    let avoided = tried
    if (tried?.has(first.instance.id)) avoided = undefined
    let lowestScore = this.#score(first, now)
    trace?.consider(first, lowestScore)
    scores[0] = lowestScore
    for (let drawn = 1; drawn < choices; drawn++) {
      const at = this.#another(lowest, avoided)
      const candidate = candidates[at] as Candidate<Target>
      const score = this.#score(candidate, now)
      if (at !== lowest) trace?.consider(candidate, score)
      scores[drawn] = score
      if (score < lowestScore) {
        lowest = at
        lowestScore = score
      }
    }
    if (lowestScore === Infinity && this.#weighs) return this.#lowestFrom(lowest, now, avoided, trace)
    if (trace === undefined && tried === undefined) this.#badShare?.learn(scores, choices, lowestScore)
    return lowest
  }

  /** Draws one beside the best so far; gives that where chance finds nobody else who was not tried. */
  #another(best: number, tried: TriedInstances | undefined): number {
    const candidates = this.#candidates
    for (let drawn = 0; drawn < 8; drawn++) {
      let at = this.#draws.below(candidates.length - 1)
      // Drawn from one fewer and stepped over the best: all the others stay equally likely.
      if (at >= best) at++
      if (tried === undefined || !tried.has((candidates[at] as Candidate<Target>).instance.id)) return at
    }
    return best
  }
}
