// The plan of the house as data: which rooms there are, and on which floor each of them is.

/** A room is a folder whose files may use each other. What a room may use beyond itself, the floors decide. */
export interface Place {
  /** `core`, `log`, `log/pino`, `platform`, `testing`; `index.ts` is the front door. */
  readonly room: string
  readonly floor: 0 | 1 | 2 | 3 | 4
  /** The role that a technology belongs to. */
  readonly role?: string | undefined
}

/** Floor 2, and in each role the technologies of floor 3. */
export const roles: Readonly<Record<string, readonly string[]>> = {
  resilience: ['opossum', 'cockatiel', 'redis', 'rate-limiter-flexible', 'bottleneck'],
  discovery: ['static', 'local', 'dns', 'consul', 'etcd', 'zookeeper', 'eureka', 'kubernetes'],
  transport: ['memory', 'http', 'jsonrpc', 'grpc', 'thrift', 'nats', 'amqp', 'lambda', 'proxy', 'websocket'],
  log: ['logfmt', 'json', 'console', 'stream', 'syslog', 'pino', 'winston', 'otel'],
  metrics: [
    'prometheus',
    'statsd',
    'dogstatsd',
    'influx-statsd',
    'graphite',
    'influx',
    'cloudwatch',
    'expvar',
    'pcp',
    'pushgateway',
    'otel',
    'process',
  ],
  tracing: ['w3c', 'b3', 'zipkin', 'otlp', 'otel'],
  slo: [],
  health: ['http', 'grpc'],
  auth: ['basic', 'jwt', 'casbin'],
}

/** Floor 4, with the folders that may be inside each. */
export const topFloor: Readonly<Record<string, readonly string[]>> = {
  presets: [],
  admin: [],
  ambient: [],
  cli: [],
  testing: ['conformance', 'simulator'],
}

/** The only file outside the rooms. */
export const frontDoor = 'index.ts'

/** Where a file belongs; undefined when the plan has no such folder. */
export function placeOf(path: string): Place | undefined {
  const [src, room = '', ...rest] = path.split('/')
  if (src !== 'src') return undefined
  if (room === frontDoor) return { room, floor: 1 }
  if (room === 'primitives') return { room, floor: 0 }
  if (room === 'core') return { room, floor: 1 }
  if (room === 'platform') return { room, floor: 3 }
  if (Object.hasOwn(topFloor, room)) return { room, floor: 4 }
  if (!Object.hasOwn(roles, room)) return undefined
  return rest.length > 1 ? { room: `${room}/${rest[0]}`, floor: 3, role: room } : { room, floor: 2 }
}
