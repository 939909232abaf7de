// What `./dev demo` runs: the options, the signals and the end; in between, the show.
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { Screen } from './screen.ts'
import { isKept, opening, setting, show, tableOf } from './show.ts'
import { Stage } from './stage.ts'
import { stayUp } from './stay-up.ts'
import { callsPerSecond } from './story.ts'

/** What the demo is told. */
interface Options {
  readonly once: boolean
  readonly json: boolean
  readonly port: number
}

let stage: Stage | undefined
let screen: Screen | undefined
let ending: NodeJS.Signals | undefined
let hasEnded = false

/** Plays, and stays up unless it is told to end. Resolves with the code of the process. */
async function main(options: Options): Promise<number> {
  const { once, json, port } = options
  const shown = new Screen({ output: json ? process.stderr : process.stdout, environment: process.env })
  screen = shown
  let isOver = false
  shown.say(setting)
  const onLoss = (what: string) => {
    if (isOver) shown.say(what)
    else void fail(new Error(`${what}, which is no part of the story`))
  }
  const set = await Stage.set({ port, callsPerSecond, onLoss }, (begun) => {
    stage = begun
  })
  if (port !== 0 && new URL(set.url).port !== String(port))
    shown.say(`port ${port} is taken: the proxy has the next one that is free`)
  shown.say(opening(set))
  const summary = await show(set, shown)
  shown.write(['', ...tableOf(summary, shown.columns), ''])
  for (const [text, count] of set.driver.errors) shown.say(`${count} failed with: ${text}`)
  for (const [reason, count] of Object.entries(set.reports.last.gaveUp))
    shown.say(`the proxy gave up on ${count} that it could have retried: ${reason}`)
  isOver = true
  if (isKept(summary) && !once) {
    using _ = stayUp(set, shown)
    // A signal ends it.
    await new Promise(() => {})
  }
  await set[Symbol.asyncDispose]()
  hasEnded = true
  if (json) await written(`${JSON.stringify(summary)}\n`)
  return isKept(summary) ? 0 : 1
}

/** The first one ends everything in order, the second one at once. */
async function hear(signal: NodeJS.Signals): Promise<void> {
  if (ending !== undefined) process.exit()
  ending = signal
  process.exitCode = 128 + constants.signals[signal]
  await stage?.[Symbol.asyncDispose]()
  screen?.clear()
  process.exit()
}

async function fail(thrown: unknown): Promise<void> {
  // What is called off while it ends is no failure.
  if (ending !== undefined || hasEnded) return
  ending = 'SIGTERM'
  await stage?.[Symbol.asyncDispose]()
  screen?.clear()
  console.error(`demo: ${thrown instanceof Error ? thrown.message : thrown}`)
  process.exit(1)
}

function written(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()))
}

function usage(message: string): never {
  console.error(`demo: ${message}; see ./dev demo --help`)
  process.exit(2)
}

function optionsOf(args: string[]): Options {
  const options = { once: { type: 'boolean' }, json: { type: 'boolean' }, port: { type: 'string' } } as const
  try {
    const { once = false, json = false, port = '8080' } = parseArgs({ args, options }).values
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) usage(`--port must be from 0 to 65535, but is "${port}"`)
    return { once: once || json, json, port: Number(port) }
  } catch (thrown) {
    return usage((thrown as Error).message.replace(/\. .*/s, ''))
  }
}

const options = optionsOf(process.argv.slice(2))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void hear(signal))
// Whoever read it has gone, as `head` does: that ends the demo as a signal would.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => void hear('SIGPIPE'))
process.on('exit', () => stage?.endNow())
try {
  process.exitCode = await main(options)
} catch (thrown) {
  await fail(thrown)
}
