// The id of an instance where a registry keeps all services of a process under one key, and has it in a path.
import type { Instance } from './instance.ts'

/**
 * `<service>:<id>`: one process may be an instance of several services. What a path cannot carry through all servers and proxies is written as `~` and
 * its code.
 */
export function idInPath(service: string, { id }: Instance): string {
  return `${service}:${id}`.replaceAll(/[^\w.:[\]@-]/gu, (character) => `~${character.codePointAt(0)?.toString(16)}~`)
}
