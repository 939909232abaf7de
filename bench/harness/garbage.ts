// The garbage collector on demand: so that whoever makes garbage pays for it, and nobody else.
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Switched on here, and not by a flag that whoever starts a claim could forget.
setFlagsFromString('--expose-gc')
const gc: NodeJS.GCFunction = runInNewContext('gc')

/**
 * Collects what is young; what is old is left to V8's own pace. A full collection would also drop the hidden classes that no
 * object has just then, and all code that was optimised for them: what runs next would begin cold, up to three times slower.
 */
export function collectYoung(): void {
  gc({ type: 'minor' })
}

/** Leaves nothing but what is reachable. What finalizers let go of is for the next collection, so there are several. */
export async function collectAll(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    gc()
    await setImmediate()
  }
}
