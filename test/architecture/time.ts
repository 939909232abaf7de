// Time and chance come in through one door each, so that a test owns both.
import { isTest, type Source, usesOf, type Violation, variables, violation } from './sources.ts'

/** A file that uses time or chance itself. */
interface Door {
  readonly uses: readonly string[]
  readonly why: string
}

/** The files that use time or chance itself. */
export const doors: Readonly<Record<string, Door>> = {
  'src/core/clock.ts': {
    uses: ['Date', 'performance', 'setTimeout', 'clearTimeout'],
    why: 'it is the door to time',
  },
  'src/core/timeout-clock.ts': {
    uses: ['Date', 'performance', 'setTimeout', 'clearTimeout'],
    why: 'it is the door to time where the other one does not lead',
  },
  'src/core/clock.test.ts': { uses: ['setTimeout'], why: 'the system clock has no other judge than the real one' },
  'src/primitives/random.ts': { uses: ['Math.random'], why: 'it is the door to chance' },
  'src/transport/http/connection-sweep.ts': {
    uses: ['setInterval', 'clearInterval'],
    why: 'it is a part of what node:http limits by itself, in real time',
  },
  'src/log/stream/descriptor-stream.ts': {
    uses: ['setImmediate'],
    why: 'it writes at the end of a turn, and measures nothing',
  },
  'src/platform/closing.ts': {
    uses: ['setInterval', 'clearInterval'],
    why: 'it holds the process while a server is open, and measures nothing',
  },
  'src/transport/http/request-stream.ts': {
    uses: ['setImmediate', 'setTimeout'],
    why: 'it lets others have their turn, and measures nothing',
  },
  'src/discovery/dns/query.ts': {
    uses: ['randomInt'],
    why: 'a stranger who guesses the number of a question can answer it, so no seed may repeat it',
  },
  'src/platform/doubt.ts': {
    uses: ['setImmediate'],
    why: 'it lets the event loop poll, and measures nothing',
  },
  'src/transport/http/caught-up.ts': {
    uses: ['setImmediate'],
    why: 'it lets the event loop poll, and measures nothing',
  },
  'src/testing/simulator/drive.ts': {
    uses: ['setImmediate'],
    why: 'it lets all happen that needs no time, for many moments in one turn',
  },
  'src/testing/manual-clock.ts': { uses: ['setImmediate'], why: 'it lets all happen that needs no time' },
}

const waits = ['setTimeout', 'setInterval', String.raw`AbortSignal\s*\.\s*timeout`, String.raw`scheduler(?=\s*\.)`]
// Arithmetic with a moment that is given, as in `new Date(at)` and `Date.UTC(…)`, reads no clock.
const readings = [String.raw`Date(?=\s*\.\s*now\b|\s*\(\s*\))`, 'performance', String.raw`process\s*\.\s*hrtime`]
const kin = ['clearTimeout', 'clearInterval', 'setImmediate', 'clearImmediate']
const chance = [
  String.raw`Math\s*\.\s*random`,
  String.raw`(?:crypto\s*\.\s*)?(?:randomUUID|getRandomValues|randomBytes|randomInt)`,
]

const inTests = variables(...waits)
const inSources = variables(...waits, ...readings, ...kin, ...chance)
const timers = /^(?:node:)?timers(?:\/|$)/

/** Refuses what reads a clock, waits or throws dice outside the doors; of tests it asks only that they never really wait. */
export function time(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => {
    const modules = source.imports.filter(({ specifier }) => timers.test(specifier))
    const uses = [
      ...modules.map(({ specifier: name, offset }) => ({ name, offset })),
      ...usesOf(source, isTest(source) ? inTests : inSources),
    ]
    return uses
      .filter(({ name }) => !doors[source.path]?.uses.includes(name))
      .map(({ name, offset }) => violation(source, `${name} ${isTest(source) ? testAdvice : advice}`, offset))
  })
}

const advice = 'is time or chance itself: take a Clock (core/clock.ts) or a Random (primitives/random.ts)'
const testAdvice = 'is real time: use the manual clock of testing/, or eventually() where a process must answer'
