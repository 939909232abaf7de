// Turns what programs and libraries print with the console into records, for as long as somebody wants that.
import { AsyncLocalStorage } from 'node:async_hooks'
import { type InspectOptions, inspect } from 'node:util'
import { guarded } from '../guarded.ts'
import type { Level } from '../level.ts'
import { checkLogger, type Logger } from '../logger.ts'
import { consoleMessage } from './console-message.ts'

/** What is routed. */
export interface RouteConsoleOptions {
  /** @default the console of the process */
  readonly console?: Console | undefined
}

type Routed = 'debug' | 'log' | 'info' | 'warn' | 'error' | 'dir' | 'dirxml' | 'trace' | 'assert'
type Method = (...args: never[]) => void

/** Routes that are over, and what was there before them: somebody who routed the console again may have one of them to give back. */
const over = new WeakMap<Method, Method>()

/**
 * From now on `console.log` and its kin are records of the logger: `debug` and `trace` of the level debug, `log`, `info`, `dir` and `dirxml` of info, `warn` of warn, `error` and an
 * `assert` that fails of error; `table`, `count`, `timeEnd` and `group` print with `log` themselves. Arguments are formatted as the console does; an error among them is the
 * field `error`, and `trace` has the field `stack`. What is within a text or a printed object is not redacted. Disposing it gives the console back, also
 * when it was routed again meanwhile. What the sink itself prints, now or in what it begins now, is printed and not logged. Throws a TypeError for what is no logger.
 */
export function routeConsole(logger: Logger, options?: RouteConsoleOptions): Disposable {
  checkLogger(logger)
  const target = (options?.console ?? console) as unknown as Record<Routed, Method>
  const writing = new AsyncLocalStorage<true>()
  let isOver = false
  const routes = Object.entries(routesTo(logger)).map(([key, route]) => {
    const name = key as Routed
    const original = target[name]
    const replacement = (...args: never[]): void => {
      if (isOver || writing.getStore() === true) beneath(original).apply(target, args)
      else writing.run(true, () => route(...args))
    }
    target[name] = replacement
    return { name, original, replacement }
  })
  return {
    [Symbol.dispose]() {
      isOver = true
      for (const { name, original, replacement } of routes) {
        // Whoever routed it again has ours as what he gives back, and until then ours passes all on.
        over.set(replacement, beneath(original))
        if (target[name] === replacement) target[name] = beneath(original)
      }
    },
  }
}

/** Without the routes that are over. */
function beneath(method: Method): Method {
  let found = method
  for (let next = over.get(found); next !== undefined; next = over.get(found)) found = next
  return found
}

function routesTo(logger: Logger): Readonly<Record<Routed, (...args: unknown[]) => void>> {
  const at =
    (level: Level) =>
    (...args: unknown[]): void => {
      const { message, fields } = consoleMessage(args)
      logger.log(level, message, fields)
    }
  const error = at('error')
  return {
    debug: at('debug'),
    log: at('info'),
    dirxml: at('info'),
    info: at('info'),
    warn: at('warn'),
    error,
    dir: (value, options) =>
      logger.info(guarded(() => inspect(value, { customInspect: false, ...(options as InspectOptions) }))),
    trace(...args) {
      const { message, fields } = consoleMessage(args)
      logger.debug(message || 'Trace', { ...fields, stack: stackHere() })
    },
    assert(holds, ...args) {
      if (holds) return
      const [first, ...others] = args
      if (typeof first === 'string') error(`Assertion failed: ${first}`, ...others)
      else error(args.length === 0 ? 'Assertion failed' : 'Assertion failed:', ...args)
    },
  }
}

/** Where the console was called: without the lines of this file, and of what keeps it from calling itself. */
function stackHere(): string {
  const lines = String(new Error('here').stack).split('\n').slice(1)
  const ours = lines.findLastIndex((line) => line.includes(import.meta.url))
  return lines.slice(ours + 1).join('\n')
}
