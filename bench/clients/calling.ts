// The loop that every client is measured in: as many callers as a busy service has, each waiting for its reply before it goes on.
import { answer, cpuUs } from '../harness/worker.ts'

const callers = 32

/** Sums 1 and 2 on the server that the arguments of the process name. */
export type Call = () => Promise<{ total: number }>

/** Takes what makes the call for the server at a URL, or for instances of it at several, and then answers the harness. */
export function calling(callOf: (url: string, ...others: readonly string[]) => Call): void {
  const [url = '', ...others] = process.argv.slice(2)
  const call = callOf(url, ...others)
  answer({}, { verify: () => verified(call), run: (ms) => run(call, Number(ms)) })
}

async function verified(call: Call) {
  const reply = await call()
  if (JSON.stringify(reply) !== '{"total":3}') throw new Error(`the reply is ${JSON.stringify(reply)}`)
  return {}
}

async function run(call: Call, ms: number) {
  const startedAt = performance.now()
  const before = cpuUs()
  const endsAt = startedAt + ms
  let calls = 0
  const caller = async () => {
    while (performance.now() < endsAt) {
      const { total } = await call()
      if (total !== 3) throw new Error(`the total is ${total}`)
      calls++
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return { calls, cpuUs: cpuUs() - before, seconds: (performance.now() - startedAt) / 1_000 }
}
