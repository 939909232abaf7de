// The part of a contender that talks to the harness: JSON lines over stdin and stdout, so that one in another language fits too.
import { createInterface } from 'node:readline'

/** Answers what it was asked, with something that fits into JSON. */
export type Question = (argument: string) => unknown

/** Says what the harness needs to know from the start, then answers `cpu` and the other questions, each with one line. */
export function answer(
  hello: Readonly<Record<string, unknown>>,
  others: Readonly<Record<string, Question>> = {},
): void {
  const questions: Readonly<Record<string, Question>> = { cpu: () => ({ cpuUs: cpuUs() }), ...others }
  const lines = createInterface({ input: process.stdin })
  lines.on('line', async (line) => {
    const { ask, argument }: { ask: string; argument: string } = JSON.parse(line)
    say(await questions[ask]?.(argument))
  })
  // Whoever started this has gone, however that ended.
  lines.once('close', () => process.exit())
  say(hello)
}

/** User and system time of this process up to now, in microseconds; the threads of the collector are in it. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function say(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
