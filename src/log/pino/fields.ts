// Fields as pino takes them: in bindings of child loggers, which it renders once, and with each record.
import { addForeignFields, type FieldShape } from '../add-foreign-fields.ts'
import type { BoundFields } from '../log-record.ts'
import { type LogFields, LoggedError, type LogValue, plain } from '../log-value.ts'
import type { PinoLogger } from './logger.ts'

/** A child of pino, and what no child can bind. */
export interface PinoChild {
  readonly logger: PinoLogger
  /** Goes with each record. */
  readonly others: Readonly<Record<string, unknown>> | undefined
}

// What `child` leaves out of bindings, as of pino 10: they are its options, or were.
const unbindable = ['level', 'serializers', 'formatters', 'customLevels']

/** Makes children of a logger for what is bound, once for each. */
export function pinoChild(parent: PinoChild, { fields }: BoundFields): PinoChild {
  const bindings = pinoFields(undefined, fields)
  const others: Record<string, unknown> = { ...parent.others }
  for (const key of unbindable) {
    if (!Object.hasOwn(bindings, key)) continue
    others[key] = bindings[key]
    delete bindings[key]
  }
  return { logger: parent.logger.child(bindings), others: Object.keys(others).length === 0 ? undefined : others }
}

/** The fields of a record, behind others. */
export function pinoFields(others: PinoChild['others'], fields: LogFields): Record<string, unknown> {
  const all = { ...others }
  addForeignFields(all, fields, shape)
  return all
}

/** Whether pino would take fields for a request of Node, or for a reply, and show only what those have. */
export function looksLikeHttp(fields: Readonly<Record<string, unknown>>): boolean {
  return Boolean(fields['method'] && fields['headers'] && fields['socket'])
}

const shape: FieldShape = { taken: new Set(), value }

function value(given: LogValue): unknown {
  if (!(given instanceof LoggedError)) return plain(given)
  // As pino's own serializer has it, which is called for `err`, and asks for the constructor first: this has none.
  const { name, ...details } = given.details
  return Object.assign(Object.create(null), { type: name }, details)
}
