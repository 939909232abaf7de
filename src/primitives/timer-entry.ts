// One entry of a timer wheel, itself the link of the list it is in: so that to add it allocates nothing else, and to cancel
// it searches nothing.

/** What an entry runs: an object in place of a function, so that to add one makes no closure. */
export interface TimerTask {
  run(): void
}

/** The wheel of an entry. */
interface EntryOwner {
  cancel(entry: TimerEntry): boolean
}

const nothing: TimerTask = { run() {} }

/** Something that is to run at an instant. Whoever added it keeps it as a handle to cancel it with; the rest is the wheel's. */
export class TimerEntry {
  /** The instant, in milliseconds, before which it does not run. */
  readonly at: number
  /** Whether the process may end while this is pending. */
  readonly background: boolean
  task: TimerTask
  slot = 0
  readonly #owner: EntryOwner | undefined
  // An entry that is linked to itself is in no list.
  next: TimerEntry = this
  previous: TimerEntry = this

  constructor(at: number, task: TimerTask, background: boolean, owner?: EntryOwner) {
    this.at = at
    this.task = task
    this.background = background
    this.#owner = owner
  }

  /** Takes it back; does nothing when it has run, or was cancelled before. */
  cancel(): void {
    this.#owner?.cancel(this)
  }

  /** Makes the sentinel that begins and ends the list of a slot; linked to itself, it is an empty list. */
  static sentinel(slot: number): TimerEntry {
    const entry = new TimerEntry(Number.NaN, nothing, true)
    entry.slot = slot
    return entry
  }

  get linked(): boolean {
    return this.next !== this
  }

  /** Adds an unlinked entry at the end of the list that this sentinel begins. */
  append(entry: TimerEntry): void {
    entry.slot = this.slot
    entry.next = this
    entry.previous = this.previous
    this.previous.next = entry
    this.previous = entry
  }

  /** Leaves its list; returns whether the list is empty now. */
  unlink(): boolean {
    const { next, previous } = this
    next.previous = previous
    previous.next = next
    this.next = this
    this.previous = this
    return next === previous
  }

  /** Drops what it would run: a handle may be kept long after. */
  forget(): void {
    this.task = nothing
  }
}
