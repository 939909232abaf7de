// What a Eureka says of an instance, read from the JSON that its versions write in several ways.

/** What is read of an instance. */
export interface InstanceInfo {
  /** In upper case, as Eureka has it. */
  readonly app: string
  /** Unique in its application. */
  readonly id: string
  /** What counts, an override included: `UP`, `DOWN`, `STARTING`, `OUT_OF_SERVICE`, `UNKNOWN`. */
  readonly status: string
  /** What a delta tells of it: `ADDED`, `MODIFIED`, `DELETED`. */
  readonly action: string
  readonly hostName: string
  readonly ipAddr: string
  /** Undefined where it is switched off. */
  readonly port: number | undefined
  readonly securePort: number | undefined
  readonly metadata: Readonly<Record<string, string>>
  /** The availability zone, where Amazon is its data centre. */
  readonly amazonZone: string | undefined
  /** By its own clock, when it last changed what it says of itself: milliseconds since the epoch, 0 where it does not say. */
  readonly lastDirtyAt: number
}

type Json = Readonly<Record<string, unknown>>

/** Reads one instance. Throws an Error for what is none. */
export function instanceInfoOf(value: unknown, application: unknown): InstanceInfo {
  const raw = objectOf(value)
  const centre = objectOf(raw['dataCenterInfo'])
  const amazon = objectOf(centre['metadata'])
  const [hostName, app] = [textOf(raw['hostName']), textOf(raw['app']) || textOf(application)]
  // Before Eureka 1.1.141 an instance had no id of its own (InstanceInfo.getId).
  const id = textOf(raw['instanceId']) || textOf(amazon['instance-id']) || hostName
  if (id === '' || app === '') throw new Error('an instance has no id or no application')
  return {
    app: app.toUpperCase(),
    id,
    status: textOf(raw['status']) || 'UNKNOWN',
    action: textOf(raw['actionType']),
    hostName,
    ipAddr: textOf(raw['ipAddr']),
    port: portOf(raw['port'], true),
    securePort: portOf(raw['securePort'], false),
    metadata: metadataOf(raw['metadata']),
    amazonZone: textOf(amazon['availability-zone']) || undefined,
    lastDirtyAt: momentOf(raw['lastDirtyTimestamp']),
  }
}

const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})

const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? `${value}` : '')

function momentOf(value: unknown): number {
  const moment = Number(textOf(value))
  return Number.isSafeInteger(moment) ? moment : 0
}

/** `9001`, or `{ "$": 9001, "@enabled": "true" }` with a number or a text. */
function portOf(value: unknown, isEnabledByDefault: boolean): number | undefined {
  const { $: number = value, '@enabled': enabled = isEnabledByDefault } = objectOf(value)
  const port = Number(textOf(number))
  return `${enabled}` === 'true' && Number.isInteger(port) && port > 0 ? port : undefined
}

/** Without the class of the map, which some versions write into it. */
function metadataOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOf(value)).filter(([key, text]) => !key.startsWith('@') && isText(text))
  return Object.fromEntries(entries.map(([key, text]) => [key, `${text}`]))
}

const isText = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value)
