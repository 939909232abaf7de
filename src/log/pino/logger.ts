// What is used of pino, whose instance is taken as a value: we do not import it.

/** A logger of pino. Beside these members it has a method for each of its levels. */
export interface PinoLogger {
  isLevelEnabled(level: string): boolean
  child(bindings: Record<string, unknown>): PinoLogger
  flush(done?: (error?: Error) => void): void
}

/** The method of a level. Without a message as a second argument there is none; what is in a message is no format then. */
export type PinoMethod = (this: PinoLogger, fields: object | undefined, message: string | undefined) => void

/** The method of a level; undefined where pino has no such level. */
export function pinoMethod(logger: PinoLogger, level: string): PinoMethod | undefined {
  // The names of levels are the user's own, so that no type can have them.
  const method = (logger as unknown as Readonly<Record<string, unknown>>)[level]
  return typeof method === 'function' ? (method as PinoMethod) : undefined
}
