// What is used of winston, whose logger is taken as a value: we do not import it.

/** A stream of objects, as winston's logger and its transports are. */
export interface WinstonStream {
  readonly writableLength?: number | undefined
  readonly readableLength?: number | undefined
}

/** A logger of winston. */
export interface WinstonLogger extends WinstonStream {
  readonly levels: object
  /** False once it has ended. */
  readonly writable: boolean
  readonly transports?: readonly WinstonStream[] | undefined
  /** Fields of all records. */
  readonly defaultMeta?: unknown
  isLevelEnabled?(level: string): boolean
  /** Takes a record as the stream that it is. */
  write(info: { level: string; message: string }): boolean
}
