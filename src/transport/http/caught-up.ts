// Waits until a server has read what the system already holds for it: connections that were made, and what was sent over them.

// As many connections as Node lets the system hold until they are taken.
const mostTurns = 511

/**
 * Resolves when the event loop has polled, and goes on as long as each turn brings another connection; `met` counts them. The system may
 * hand out one in each turn, and whatever is not read when a socket is closed is lost without a word.
 */
export async function caughtUp(met: () => number): Promise<void> {
  // The first turn may be over before the loop polls.
  await turn()
  let known: number
  let turns = 0
  do {
    known = met()
    await turn()
  } while (met() > known && ++turns < mostTurns)
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
