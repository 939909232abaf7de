// The only door to time: deadlines, delays and timestamps of the whole package come from a Clock that is handed in.
import { checkNumber } from '../primitives/check.ts'
import { TimerWheel } from '../primitives/timer-wheel.ts'

/** Something that is scheduled. */
export interface Timer {
  /** Takes it back. Does nothing once it has run. */
  cancel(): void
}

/** What a clock can run: an object in place of a function, so that what every call does makes no closure. */
export interface Task {
  run(): void
}

/** What a wait can be cut short by; a Context is one. */
export interface Abortable {
  /** Whether it is over. A cheap look: makes no signal. */
  readonly aborted: boolean
  /** Why it was aborted; undefined while it was not. */
  readonly cause: unknown
  /** Calls the listener once, when it is aborted: at once, before this returns, when it already is. */
  onAbort(listener: (cause: unknown) => void): Disposable
}

/** How something is scheduled. */
export interface ScheduleOptions {
  /** Whether the process may end while this is pending: for reconnects and sweeps, not for what a call waits on. @default false */
  readonly background?: boolean | undefined
}

/** Time, and what happens later. Hand in another one to own time in a test. */
export interface Clock {
  /** Monotonic milliseconds with fractions, from an arbitrary start: for deadlines and durations. */
  now(): number
  /** Milliseconds since the epoch: for what is printed or sent. */
  wallNow(): number
  /** Runs once after a delay: never early, and at most one tick (4 ms) late unless the event loop is blocked; after `Infinity` never. */
  schedule(delayMs: number, run: () => void, options?: ScheduleOptions): Timer
  /** As `schedule`, at a moment of `now()`: for those who hold a deadline, and would read the clock only for this. */
  scheduleAt(at: number, task: Task, options?: ScheduleOptions): Timer
  /** Resolves after the delay, or rejects with the cause as soon as `until` is aborted. */
  sleep(delayMs: number, until?: Abortable): Promise<void>
}

/** `clock.sleep` in terms of `schedule`, for those who implement a Clock. */
export function sleepOn(clock: Pick<Clock, 'schedule'>, delayMs: number, until?: Abortable): Promise<void> {
  return new Promise((resolve, reject) => {
    if (until?.aborted) {
      reject(until.cause)
      return
    }
    const timer = clock.schedule(delayMs, () => {
      aborting?.[Symbol.dispose]()
      resolve()
    })
    const aborting = until?.onAbort((cause) => {
      timer.cancel()
      reject(cause)
    })
  })
}

/** What `setTimeout` gives: an object that can let the process go on Node and Bun, a number elsewhere. */
type Alarm = number | { ref(): unknown; unref(): unknown }

const never: Timer = { cancel() {} }

// The wheel's tick is half of what is promised: the other half is for the platform's own timer, which rounds to 1 ms.
const tickMs = 2
const longestAlarmMs = 2 ** 31 - 1
// While calls are pending the alarm rings at least this often. To hold and release the process with each call would cost as much as
// the timer itself; so it is released at an alarm, and ends at most this late.
const holdMs = 20
// The last moment that the wheel can hold: in 285 thousand years.
const lastMoment = Number.MAX_SAFE_INTEGER
const readNow = performance.now.bind(performance)

/** The platform's clock. All pending runs share one platform timer, set for the earliest of them. */
class SystemClock implements Clock {
  readonly #wheel = new TimerWheel({ tickMs, startAt: readNow(), onForeground: () => this.#onForeground() })
  readonly #ring = (): void => this.#onAlarm()
  #alarm: Alarm | undefined
  #alarmAt = Infinity
  #holdsProcess = false

  now(): number {
    return readNow()
  }

  wallNow(): number {
    return Date.now()
  }

  schedule(delayMs: number, run: () => void, options?: ScheduleOptions): Timer {
    return this.scheduleAt(readNow() + checkNumber('delayMs', delayMs, { min: 0 }), { run }, options)
  }

  scheduleAt(at: number, task: Task, options?: ScheduleOptions): Timer {
    if (at > lastMoment) return never
    // All moments before the clock's first one are the past. While an alarm is set the wheel moves by itself, so even an
    // empty one need not be told the time.
    const entry = this.#wheel.add(
      Math.max(at, 0),
      task,
      options?.background === true,
      this.#alarm === undefined ? readNow() : 0,
    )
    if (at < this.#alarmAt) this.#arm()
    return entry
  }

  sleep(delayMs: number, until?: Abortable): Promise<void> {
    return sleepOn(this, delayMs, until)
  }

  /** The process is held from the first foreground run on. That it can go is found out at the next alarm. */
  #onForeground(): void {
    if (!this.#holdsProcess) this.#arm()
  }

  /** Sets the alarm for what is due next, unless it is set for earlier: then it finds nothing due, and sets the next one. */
  #arm(): void {
    const holds = this.#wheel.foreground > 0
    const now = readNow()
    const at = holds ? Math.min(this.#wheel.nextAt(), now + holdMs) : this.#wheel.nextAt()
    if (at >= this.#alarmAt && this.#holdsProcess === holds) return
    if (this.#alarm !== undefined) clearTimeout(this.#alarm as number)
    this.#alarmAt = at
    this.#holdsProcess = holds
    if (at === Infinity) return
    this.#alarm = setTimeout(this.#ring, Math.min(Math.max(0, Math.ceil(at - now)), longestAlarmMs)) as Alarm
    if (!holds && typeof this.#alarm === 'object') this.#alarm.unref()
  }

  #onAlarm(): void {
    this.#alarm = undefined
    this.#alarmAt = Infinity
    this.#holdsProcess = false
    try {
      this.#wheel.advance(readNow())
    } finally {
      this.#arm()
    }
  }
}

/** The clock of the platform: `performance.now()`, `Date.now()` and one timer for all that is pending. */
export const systemClock: Clock = new SystemClock()
