// A part in the demo: one process of it, which never outlives the stage.
import type { Message, Order } from './messages.ts'

/** How long a call may take, in milliseconds: on a machine that stands still for a moment calls are slow, and not lost. */
export const patienceMs = 30_000

/** Says something to the stage. */
export function say(message: Message): void {
  process.send?.(message)
}

/** Ends this process with the stage, however that ends. Calls `listener` with each order from there. */
export function followStage(listener: (order: Order) => void = () => {}): void {
  process.on('disconnect', () => process.exit())
  process.on('message', (order: Order) => listener(order))
  // It may be gone before we could listen.
  if (!process.connected) process.exit()
}

/** Does the work of a process until that is over, and then ends it; what goes wrong is said to the stage. */
export async function play(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    say({ kind: 'problem', message: thrown instanceof Error ? thrown.message : String(thrown) })
    process.exitCode = 1
  }
  // Nothing is said after this, and all that was has left by then.
  process.disconnect?.()
}
