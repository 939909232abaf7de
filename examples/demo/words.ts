// Words: what happened to an instance and what came of it, as sentences with the figures that were measured.

/** What is common to all that happens. */
interface Happening {
  readonly instance: string
  /** When, in milliseconds since the load began. */
  readonly atMs: number
  /** Calls of the driver that failed meanwhile. */
  readonly callsLost: number
}

/** An instance was killed without warning. */
export interface Killed extends Happening {
  readonly kind: 'killed'
  /** Attempts that failed there. */
  readonly failedThere: number
  /** Where those were made again, by the ids of the instances. */
  readonly retriedOn: Readonly<Record<string, number>>
  /** How long calls were still sent there, and until its circuit opened and the registry had it out; undefined where that did not happen. */
  readonly lastCallAfterMs: number
  readonly circuitOpenAfterMs: number | undefined
  readonly outAfterMs: number | undefined
}

/** An instance more was started. */
export interface Added extends Happening {
  readonly kind: 'added'
  /** From the start of its process until the proxy had found it; undefined if it never did. */
  readonly foundAfterMs: number | undefined
  /** From then until it had its share. */
  readonly shareAfterMs: number | undefined
  /** Of the last calls, over so many milliseconds, when it had it or was waited for no longer. */
  readonly share: number
  readonly shareOverMs: number
}

/** An instance takes longer for its calls. */
export interface Slowed extends Happening {
  readonly kind: 'slowed'
  readonly byMs: number
  /** Of the calls of so many milliseconds before it became slow, and before the end of what was measured. */
  readonly shareBefore: number
  readonly shareBeforeOverMs: number
  readonly shareAfter: number
  readonly shareAfterOverMs: number
  /** Until it had a quarter of its share; undefined if it kept more. */
  readonly fellAfterMs: number | undefined
}

/** An instance was asked to end, and another one started in its place. */
export interface Restarted extends Happening {
  readonly kind: 'restarted'
  readonly failedThere: number
  /** Attempts that were made again, wherever they had failed. */
  readonly retried: number
  readonly outAfterMs: number | undefined
  readonly endedAfterMs: number
  readonly backAfterMs: number | undefined
}

/** Something that happened. */
export type Event = Killed | Added | Slowed | Restarted

/** What is about to happen. */
export function announced(kind: Event['kind'], id: string, byMs = 0): string {
  if (kind === 'killed') return `killing ${id} with kill -9`
  if (kind === 'added') return `starting one more, ${id}`
  if (kind === 'slowed') return `making ${id} slow: ${byMs} ms more for each call`
  return `restarting ${id} with SIGTERM`
}

/** What came of it. */
export function inWords(event: Event): string {
  const end = event.callsLost === 0 ? '' : ` ${count(event.callsLost, 'call')} failed meanwhile.`
  return `${sentences[event.kind](event as never)}${end}`
}

const sentences: { readonly [Kind in Event['kind']]: (event: Extract<Event, { kind: Kind }>) => string } = {
  killed: ({ instance, failedThere, retriedOn, lastCallAfterMs, circuitOpenAfterMs, outAfterMs }) => {
    const failed =
      failedThere === 0
        ? 'no call was there then'
        : `${count(failedThere, 'call')} failed there and went to ${list(Object.keys(retriedOn))} instead`
    const circuit = circuitOpenAfterMs === undefined ? '' : `; its circuit open after ${seconds(circuitOpenAfterMs)}`
    const last = circuit === '' ? `; called for ${seconds(lastCallAfterMs)} more` : circuit
    return `${instance} killed: ${failed}${last}, ${outAfterMs === undefined ? 'and still in the set' : `out of the set after ${seconds(outAfterMs)}`}.`
  },
  added: ({ instance, foundAfterMs, shareAfterMs, share, shareOverMs }) => {
    if (foundAfterMs === undefined) return `${instance} added: it was not found.`
    const found = `${instance} added: found ${seconds(foundAfterMs)} after its start`
    const had = `had ${percent(share)} of the calls of the last ${shareOverMs / 1_000} s`
    return shareAfterMs === undefined
      ? `${found}; in the end it ${had}.`
      : `${found}; ${seconds(shareAfterMs)} later it ${had}.`
  },
  slowed: ({ instance, byMs, shareBefore, shareBeforeOverMs, shareAfter, shareAfterOverMs, fellAfterMs }) => {
    const before = `${percent(shareBefore)} in the ${shareBeforeOverMs / 1_000} s before`
    const after = `${percent(shareAfter)} in the last ${shareAfterOverMs / 1_000} s`
    const took = fellAfterMs === undefined ? '' : `, most of that within ${seconds(fellAfterMs)}`
    return `${instance} slow by ${byMs} ms: its share of the calls went from ${before} to ${after}${took}.`
  },
  restarted: ({ instance, failedThere, retried, outAfterMs, endedAfterMs, backAfterMs }) => {
    const out = outAfterMs === undefined ? '' : `out of the set after ${seconds(outAfterMs)}, `
    const back = backAfterMs === undefined ? 'not back' : `back after ${seconds(backAfterMs)}`
    const well =
      failedThere === 0 && retried === 0
        ? 'no call failed or had to be retried'
        : `${count(failedThere, 'call')} failed there, ${retried} retried`
    return `${instance} restarted: ${out}ended after ${seconds(endedAfterMs)}, ${back}; ${well}.`
  },
}

/** `0.4 s`: what is less than half a tenth of one is told in milliseconds. */
export function seconds(ms: number): string {
  return ms < 50 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`
}

/** `6.3 ms`, and without a fraction from 10 on. */
export function milliseconds(ms: number): string {
  if (Number.isNaN(ms)) return '-'
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** `33 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

/** `21,000`. */
export function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ').replace(/, ([^,]*)$/, ' and $1')
}
