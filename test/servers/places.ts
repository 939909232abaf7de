// Where servers live: what was installed in the user's cache, what runs in the user's state, as the XDG base directories say.
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

export interface Places {
  /** Holds what was installed. Safe to remove while nothing of it runs. */
  readonly cache: string
  /** Holds a folder for each server that was started: its record, its log, its data. */
  readonly state: string
}

/** The places of this user. */
export function placesOf(environment: NodeJS.ProcessEnv = process.env): Places {
  // The specification wants relative paths ignored.
  const base = (name: string, ...fallback: string[]) => {
    const given = environment[name] ?? ''
    return join(isAbsolute(given) ? given : join(homedir(), ...fallback), 'servicekit', 'servers')
  }
  return { cache: base('XDG_CACHE_HOME', '.cache'), state: base('XDG_STATE_HOME', '.local', 'state') }
}
