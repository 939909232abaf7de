// A source for registries that list what there is and then tell what changes: etcd, Kubernetes.
import type { Clock } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { ServiceError } from '../core/errors.ts'
import { pause } from '../core/pause.ts'
import type { Instance } from './instance.ts'
import type { InstanceSource } from './instance-watch.ts'
import { Pace } from './pace.ts'

/** All that a registry has at a moment. */
export interface Listed<Position, Entry = readonly Instance[]> {
  /** What is known of instances, by the key under which the registry has it. */
  readonly entries: Iterable<readonly [string, Entry]>
  /** From where changes follow on it. */
  readonly position: Position
}

/** What has changed since. */
export interface Changed<Position, Entry = readonly Instance[]> {
  /** By key; undefined where it is gone. None where the registry only shows that it is alive. */
  readonly changes: Iterable<readonly [string, Entry | undefined]>
  readonly position: Position
}

/** A registry as one lookup has it. Disposing it ends its requests. */
export interface WatchedRegistry<Position, Entry = readonly Instance[]> extends AsyncDisposable {
  list(signal: AbortSignal): Promise<Listed<Position, Entry>>
  /** Tells what follows on a position, until the signal aborts. Where it ends it is watched on from the last position; `expired` says that this one is too old, and has all listed again. */
  watch(position: Position, signal: AbortSignal): AsyncIterable<Changed<Position, Entry> | 'expired'>
}

/** How a registry is watched. */
export interface ListAndWatchOptions<Entry = readonly Instance[]> {
  /** As it is named in errors. */
  readonly name: string
  readonly clock: Clock
  /** After how long a watch that tells nothing is taken for dead, in milliseconds. */
  readonly silenceMs: number
  /**
   * What becomes of a watch that is taken for dead: it fails, or it is watched on from the last position. The latter is for registries that say nothing
   * while nothing changes, and that show at once that they live when a watch begins: one that has told nothing at all fails. @default 'fail'
   */
  readonly whenSilent?: 'fail' | 'watch on' | undefined
  /** Makes the set of all entries, in the order of their coming; what it throws is the registry's failure. @default those of each entry */
  readonly merged?: ((entries: Iterable<Entry>) => readonly Instance[]) | undefined
}

// A registry that ends each watch at once, or says that all is too old, must not make it spin.
const [atOnce, intervalMs] = [5, 1_000]

/** Lists once, and watches from there. What fails is thrown: then all is listed again, because a registry that was away may be another one. */
export function listAndWatch<Position, Entry = readonly Instance[]>(
  open: () => WatchedRegistry<Position, Entry>,
  { name, clock, silenceMs, whenSilent = 'fail', merged = flat }: ListAndWatchOptions<Entry>,
): InstanceSource {
  const silent = () => new ServiceError('unavailable', `${name} said nothing for ${formatDuration(silenceMs)}`)
  return async function* (signal) {
    await using registry = open()
    const pace = new Pace(intervalMs, atOnce)
    const turn = async () => {
      const delayMs = pace.take(clock.now())
      if (delayMs > 0) await pause(clock, delayMs, signal)
    }
    while (!signal.aborted) {
      await turn()
      const { entries, position } = await registry.list(signal)
      const known = new Map(entries)
      yield merged(known.values())
      let from: Position | undefined = position
      while (from !== undefined && !signal.aborted) {
        await turn()
        using silence = new Silence(clock, silenceMs, signal, silent)
        from = yield* follow(known, from, registry.watch(from, silence.signal), silence, merged)
        if (silence.error !== undefined && (whenSilent === 'fail' || !silence.wasBroken)) throw silence.error
      }
    }
  }
}

/** Yields the set after each change; gives the position to go on from, undefined for none. */
async function* follow<Position, Entry>(
  known: Map<string, Entry>,
  from: Position,
  watch: AsyncIterable<Changed<Position, Entry> | 'expired'>,
  silence: Silence,
  merged: (entries: Iterable<Entry>) => readonly Instance[],
): AsyncGenerator<readonly Instance[], Position | undefined> {
  let last = from
  try {
    for await (const changed of watch) {
      if (changed === 'expired') return undefined
      silence.ended()
      last = changed.position
      if (applied(known, changed.changes)) yield merged(known.values())
    }
  } catch (thrown) {
    if (silence.error === undefined) throw thrown
  }
  return last
}

function applied<Entry>(known: Map<string, Entry>, changes: Changed<unknown, Entry>['changes']): boolean {
  let isChanged = false
  for (const [key, entry] of changes) {
    isChanged = true
    if (entry === undefined) known.delete(key)
    else known.set(key, entry)
  }
  return isChanged
}

// Whoever says nothing of merging has lists of instances for entries.
const flat = (entries: Iterable<unknown>) => ([...entries] as (readonly Instance[])[]).flat()

/** Aborts a watch that tells nothing for too long. */
class Silence implements Disposable {
  readonly signal: AbortSignal
  /** Why it was aborted. */
  error: Error | undefined
  /** Whether it has told anything. */
  wasBroken = false
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #late: () => Error
  readonly #stop = new AbortController()
  #timer: { cancel(): void }

  constructor(clock: Clock, limitMs: number, signal: AbortSignal, late: () => Error) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#late = late
    this.signal = AbortSignal.any([signal, this.#stop.signal])
    this.#timer = this.#begin()
  }

  /** It has told something. */
  ended(): void {
    this.wasBroken = true
    this.#timer.cancel()
    this.#timer = this.#begin()
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }

  #begin(): { cancel(): void } {
    const end = () => {
      this.error = this.#late()
      this.#stop.abort(this.error)
    }
    return this.#clock.schedule(this.#limitMs, end, { background: true })
  }
}
