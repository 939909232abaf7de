// The loop that calls what is measured: a module of its own, because each contender gets a fresh copy of it, and with that
// inline caches that no other contender has touched.

/** Makes that many calls, one after the other, and returns what the last one gave: so none of them is optimised away. */
export function loop(call: () => unknown, calls: number): unknown {
  let last: unknown
  for (let i = 0; i < calls; i++) last = call()
  return last
}

/** As `loop`, waiting for each call before the next is made. */
export async function loopAwaiting(call: () => unknown, calls: number): Promise<unknown> {
  let last: unknown
  for (let i = 0; i < calls; i++) last = await call()
  return last
}
