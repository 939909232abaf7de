// How virtual time passes where it meets real sockets.
import type { ManualClock } from '../../src/testing/manual-clock.ts'

// A request takes some turns of the event loop: so many pass before each moment of virtual time at which something is due.
const turns = 8

/** Advances the clock from one moment at which something is due to the next, and waits at each for what sockets bring. */
export async function passOn(clock: ManualClock, ms: number): Promise<void> {
  const until = clock.now() + ms
  for (;;) {
    for (let turn = 0; turn < turns; turn++) await clock.settle()
    if (clock.now() >= until) return
    await clock.advance(Math.max(0, Math.min(clock.nextAt, until) - clock.now()))
  }
}
