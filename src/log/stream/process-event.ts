// Hears what happens to the process, through one listener for all streams: many of them are no leak.

type ProcessEvent = 'exit' | 'SIGHUP'

const heard: Readonly<Record<ProcessEvent, Set<{ readonly run: () => void }>>> = { exit: new Set(), SIGHUP: new Set() }

const listeners: Readonly<Record<ProcessEvent, () => void>> = {
  exit: () => hear('exit'),
  SIGHUP: () => hear('SIGHUP'),
}

/**
 * Calls `run` at each such event, until it is disposed. `exit` also comes after an uncaught exception. While anybody hears
 * `SIGHUP`, that signal does not end the process. `run` must not throw.
 */
export function onProcessEvent(event: ProcessEvent, run: () => void): Disposable {
  const all = heard[event]
  if (all.size === 0) process.on(event, listeners[event])
  const one = { run }
  all.add(one)
  return {
    [Symbol.dispose]() {
      if (all.delete(one) && all.size === 0) process.off(event, listeners[event])
    },
  }
}

function hear(event: ProcessEvent): void {
  for (const { run } of heard[event]) run()
}
