// One point from which work can be called off: by a deadline, by hand, or by the point above. Contexts share it.
import type { Clock, Task, Timer } from './clock.ts'
import { ServiceError } from './errors.ts'
import { tell } from './tell.ts'
import { withoutStack } from './without-stack.ts'

/**
 * Whoever wants to know, and its place in the list. Not a base class, and not a function: what every call does is its own
 * listener, and makes no object for it.
 */
export interface Listener {
  next: Listener | undefined
  previous: Listener | undefined
  /** The list it is in. */
  list: Cancellation | undefined
  fire(cause: unknown): void
}

class Callback implements Listener, Disposable {
  next: Listener | undefined
  previous: Listener | undefined
  list: Cancellation | undefined
  readonly fire: (cause: unknown) => void

  constructor(run: (cause: unknown) => void) {
    this.next = undefined
    this.previous = undefined
    this.list = undefined
    this.fire = run
  }

  [Symbol.dispose](): void {
    this.list?.remove(this)
  }
}

/**
 * A cancellation costs one object until someone listens: only the first listener sets the timer and joins the list of the
 * point above, and the last one to leave takes both back. Those who only look compare the clock with the deadline.
 */
export class Cancellation implements Task {
  readonly clock: Clock
  readonly deadlineAt: number
  readonly #parent: Cancellation | undefined
  #aborted: boolean
  #released: boolean
  #cause: unknown
  #first: Listener | undefined
  #last: Listener | undefined
  /** Of the points below to which somebody listens, the one that joined last; the others hang on it. */
  #newestPoint: Cancellation | undefined
  #older: Cancellation | undefined
  #newer: Cancellation | undefined
  #joined: boolean
  #timer: Timer | undefined
  #controller: AbortController | undefined

  /** `deadlineAt` must not be later than the parent's. */
  constructor(clock: Clock, deadlineAt: number, parent: Cancellation | undefined) {
    this.clock = clock
    this.deadlineAt = deadlineAt
    this.#parent = parent
    this.#aborted = false
    this.#released = false
    this.#cause = undefined
    this.#first = undefined
    this.#last = undefined
    this.#newestPoint = undefined
    this.#older = undefined
    this.#newer = undefined
    this.#joined = false
    this.#timer = undefined
    this.#controller = undefined
  }

  get aborted(): boolean {
    return this.#whoAborted() !== undefined || (this.deadlineAt !== Infinity && this.clock.now() >= this.deadlineAt)
  }

  get cause(): unknown {
    const point = this.#whoAborted()
    if (point !== undefined) return point.#cause
    if (this.aborted) this.#cause = deadlinePassed()
    return this.#cause
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      if (this.aborted) controller.abort(this.cause)
      else this.onAbort((cause) => controller.abort(cause))
    }
    return this.#controller.signal
  }

  onAbort(run: (cause: unknown) => void): Disposable {
    const callback = new Callback(run)
    this.listen(callback)
    return callback
  }

  /** Fires the listener once, when this is aborted; at once when it already is. `remove` on its list takes it back. */
  listen(listener: Listener): void {
    // A deadline that has passed a moment ago is left to the timer: reading the clock is dearer than all the rest.
    const point = this.#whoAborted()
    if (point !== undefined) listener.fire(point.#cause)
    else if (!this.#released) {
      listener.list = this
      listener.previous = this.#last
      if (this.#last !== undefined) this.#last.next = listener
      else {
        this.#first = listener
        if (this.deadlineAt !== Infinity) this.#timer = this.clock.scheduleAt(this.deadlineAt, this)
        this.#join()
      }
      this.#last = listener
    }
  }

  /** Tells its own listeners in the order in which they came, then the points below. */
  abort(cause: unknown): void {
    if (this.#aborted) return
    // Whoever looked has been told a cause already, and must not be told another one.
    const point = this.#whoAborted()
    const told = point === undefined ? cause : point.#cause
    this.#aborted = true
    this.#cause = told
    let listener = this.#first
    // Before anyone hears: whose call ends with this disposes it, and that would let go of them.
    const points = this.#takePoints()
    this.#leave()
    while (listener !== undefined) {
      const next: Listener | undefined = listener.next
      // One that left because of an earlier one's doing is no longer in the list.
      const stayed = listener.list === this
      forget(listener)
      // One that throws must not keep the others from hearing.
      if (stayed) tell(listener.fire.bind(listener), told)
      listener = next
    }
    for (const point of points) point.abort(told)
  }

  /** Lets go of the timer and of all listeners without calling them. */
  release(): void {
    if (this.#released) return
    this.#released = true
    let listener = this.#first
    while (listener !== undefined) {
      const next: Listener | undefined = listener.next
      forget(listener)
      listener = next
    }
    if (this.#newestPoint !== undefined) this.#takePoints()
    if (this.#first !== undefined || this.#joined) this.#leave()
  }

  /** The deadline has passed. */
  run(): void {
    this.abort(deadlinePassed())
  }

  remove(listener: Listener): void {
    listener.list = undefined
    // The list is being called, and whoever calls it still needs its links.
    if (this.#aborted) return
    if (listener.previous === undefined) this.#first = listener.next
    else listener.previous.next = listener.next
    if (listener.next === undefined) this.#last = listener.previous
    else listener.next.previous = listener.previous
    forget(listener)
    if (this.#first !== undefined) return
    this.#stopTimer()
    if (this.#newestPoint === undefined) this.#part()
  }

  #leave(): void {
    this.#first = undefined
    this.#last = undefined
    this.#stopTimer()
    this.#part()
  }

  // One pointer of the point above is written and no more: it is often an old object, and writing to one is dear.
  #join(): void {
    const parent = this.#parent
    if (this.#joined || parent === undefined || parent.#released) return
    this.#joined = true
    this.#older = parent.#newestPoint
    if (this.#older !== undefined) this.#older.#newer = this
    parent.#newestPoint = this
    parent.#join()
  }

  #part(): void {
    const parent = this.#parent
    if (!this.#joined || parent === undefined) return
    this.#joined = false
    if (this.#newer === undefined) parent.#newestPoint = this.#older
    else this.#newer.#older = this.#older
    if (this.#older !== undefined) this.#older.#newer = this.#newer
    this.#older = undefined
    this.#newer = undefined
    if (parent.#first === undefined && parent.#newestPoint === undefined) parent.#part()
  }

  /** Lets go of the points below and gives them, the oldest first. */
  #takePoints(): Cancellation[] {
    const points: Cancellation[] = []
    for (let point = this.#newestPoint; point !== undefined; point = this.#newestPoint) {
      this.#newestPoint = point.#older
      point.#older = undefined
      point.#newer = undefined
      point.#joined = false
      points.push(point)
    }
    return points.reverse()
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** The nearest point that was aborted, or that has told somebody of its deadline: what was told once stays. */
  #whoAborted(): Cancellation | undefined {
    let point: Cancellation | undefined = this
    while (point !== undefined && !point.#aborted && point.#cause === undefined) point = point.#parent
    return point
  }
}

function deadlinePassed(): ServiceError {
  // Made by a timer, whose stack says nothing.
  return withoutStack(() => new ServiceError('deadline_exceeded', 'the deadline passed'))
}

/** A listener that is kept must not keep the others of its list alive. */
function forget(listener: Listener): void {
  listener.next = undefined
  listener.previous = undefined
  listener.list = undefined
}
