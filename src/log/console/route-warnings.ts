// Turns the warnings of the process into records: what Node and libraries say of deprecations, leaks and experiments.
import { AsyncLocalStorage } from 'node:async_hooks'
import { checkLogger, type Logger } from '../logger.ts'

type Listener = (warning: Error) => void

/** What prints warnings, while nobody wants them printed. */
const silenced: Listener[] = []
let routes = 0

/**
 * From now on the warnings of the process are records of the level warn, with `name`, `code`, `detail` and `stack` as far as they have them, and Node prints them no
 * more, until all who route them have been disposed. What the sink itself causes while it writes is printed. Throws a TypeError for what is no logger.
 */
export function routeWarnings(logger: Logger): Disposable {
  checkLogger(logger)
  const writing = new AsyncLocalStorage<true>()
  const listener = (warning: Error): void => {
    if (writing.getStore() === true) for (const print of silenced) print(warning)
    else writing.run(true, () => record(logger, warning))
  }
  silence()
  process.on('warning', listener)
  let isOver = false
  return {
    [Symbol.dispose]() {
      if (isOver) return
      isOver = true
      process.off('warning', listener)
      unsilence()
    },
  }
}

function record(logger: Logger, warning: Error): void {
  const { name, message, stack, code, detail } = warning as Error & {
    readonly code?: unknown
    readonly detail?: unknown
  }
  logger.warn(message, { name, code, detail, stack })
}

/** Node's own listener has no other sign than its name. With `--no-warnings` there is none. */
function silence(): void {
  if (routes++ > 0) return
  for (const listener of process.listeners('warning')) {
    if (listener.name !== 'onWarning') continue
    process.off('warning', listener)
    silenced.push(listener)
  }
}

function unsilence(): void {
  if (--routes > 0) return
  for (const listener of silenced.splice(0)) process.prependListener('warning', listener)
}
