// One point from which work can be called off: by a deadline, by hand, or by the point above. Contexts share it.
import type { Clock, Task, Timer } from './clock.ts'
import { ServiceError } from './errors.ts'
import { tell } from './tell.ts'

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
export class Cancellation implements Listener, Task {
  readonly clock: Clock
  readonly deadlineAt: number
  next: Listener | undefined
  previous: Listener | undefined
  list: Cancellation | undefined
  readonly #parent: Cancellation | undefined
  #aborted: boolean
  #released: boolean
  #cause: unknown
  #first: Listener | undefined
  #last: Listener | undefined
  /** Listeners that are not points below: those have a deadline of their own, which is never later. */
  #watchers: number
  #timer: Timer | undefined
  #controller: AbortController | undefined

  /** `deadlineAt` must not be later than the parent's. */
  constructor(clock: Clock, deadlineAt: number, parent: Cancellation | undefined) {
    this.clock = clock
    this.deadlineAt = deadlineAt
    this.next = undefined
    this.previous = undefined
    this.list = undefined
    this.#parent = parent
    this.#aborted = false
    this.#released = false
    this.#cause = undefined
    this.#first = undefined
    this.#last = undefined
    this.#watchers = 0
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
      this.#add(listener)
      if (this.#watchers++ === 0 && this.deadlineAt !== Infinity) {
        this.#timer = this.clock.scheduleAt(this.deadlineAt, this)
      }
    }
  }

  abort(cause: unknown): void {
    if (this.#aborted) return
    // Whoever looked has been told a cause already, and must not be told another one.
    const point = this.#whoAborted()
    const told = point === undefined ? cause : point.#cause
    this.#aborted = true
    this.#cause = told
    let listener = this.#first
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
  }

  /** Lets go of the timer and of all listeners without calling them. */
  release(): void {
    if (this.#released) return
    this.#released = true
    // Nobody listens, so there is no timer and no list to leave.
    if (this.#first === undefined) return
    let listener: Listener | undefined = this.#first
    while (listener !== undefined) {
      const next: Listener | undefined = listener.next
      forget(listener)
      listener = next
    }
    this.#leave()
  }

  fire(cause: unknown): void {
    this.abort(cause)
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
    if (!(listener instanceof Cancellation) && --this.#watchers === 0) this.#stopTimer()
    if (this.#first === undefined) this.list?.remove(this)
  }

  #add(listener: Listener): void {
    listener.list = this
    listener.previous = this.#last
    listener.next = undefined
    if (this.#last === undefined) this.#first = listener
    else this.#last.next = listener
    this.#last = listener
    if (this.list === undefined && this.#parent !== undefined && !this.#parent.#released) this.#parent.#add(this)
  }

  #leave(): void {
    this.#first = undefined
    this.#last = undefined
    this.#watchers = 0
    this.#stopTimer()
    this.list?.remove(this)
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
  return new ServiceError('deadline_exceeded', 'the deadline passed')
}

/** A listener that is kept must not keep the others of its list alive. */
function forget(listener: Listener): void {
  listener.next = undefined
  listener.previous = undefined
  listener.list = undefined
}
