// A source that brings another one's programs along: for a server that does not run without another server.
import type { Source } from './server.ts'

/** Both in one folder. It is known by the label and the version of the first one. */
export function withSource(main: Source, other: Source): Source {
  return {
    ...main,
    pins: [...main.pins, ...other.pins],
    missing: async () => (await main.missing()) ?? other.missing(),
    install: async (task) => {
      const version = await main.install(task)
      await other.install(task)
      return version
    },
  }
}
