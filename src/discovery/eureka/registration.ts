// An instance in Eureka's words: the body that registers it, with all that Spring's clients and pages read.
import { idInPath } from '../id-in-path.ts'
import { addressOf, checkInstance, type Instance, splitAddress } from '../instance.ts'
import { tagsText } from './tags.ts'

/** What is said of an instance beside what it is. */
export interface RegistrationTerms {
  readonly ttlMs: number
  readonly secure: boolean
  readonly statusPath: string
  readonly healthPath: string
}

/** The body of `POST /apps/<application>`. */
export interface RegistrationBody {
  readonly instance: Readonly<Record<string, unknown>> & { readonly app: string; readonly instanceId: string }
}

/**
 * What Eureka has no member for goes into `metadata`: `zone`, `priority`, `weight` and `tags`. `dirtyAt` is when that was last changed, in milliseconds since the epoch: of two
 * registrations of one instance Eureka keeps the one with the later. Throws a TypeError for what Eureka could not tell others.
 */
export function registrationBody(
  service: string,
  instance: Instance,
  { ttlMs, secure, statusPath, healthPath }: RegistrationTerms,
  dirtyAt: number,
): RegistrationBody {
  const { host, port } = splitAddress(checkInstance(instance).address)
  const ttlSeconds = Math.ceil(ttlMs / 1_000)
  const base = `${secure ? 'https' : 'http'}://${addressOf(host, port)}`
  return {
    instance: {
      instanceId: idInPath(service, instance),
      app: applicationOf(service),
      // Spring puts it into URLs as it is.
      hostName: host.includes(':') ? `[${host}]` : host,
      ipAddr: host,
      // By which Spring's clients look services up.
      vipAddress: service,
      secureVipAddress: service,
      status: 'UP',
      overriddenstatus: 'UNKNOWN',
      port: { $: port, '@enabled': String(!secure) },
      securePort: { $: secure ? port : 443, '@enabled': String(secure) },
      homePageUrl: `${base}/`,
      statusPageUrl: base + statusPath,
      healthCheckUrl: secure ? undefined : base + healthPath,
      secureHealthCheckUrl: secure ? base + healthPath : undefined,
      countryId: 1,
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      leaseInfo: { renewalIntervalInSecs: Math.max(1, Math.floor(ttlSeconds / 3)), durationInSecs: ttlSeconds },
      metadata: metadataOf(instance),
      isCoordinatingDiscoveryServer: 'false',
      lastUpdatedTimestamp: String(dirtyAt),
      lastDirtyTimestamp: String(dirtyAt),
    },
  }
}

/** The name under which Eureka has a service. Throws a TypeError for one that its paths cannot carry. */
export function applicationOf(service: string): string {
  if (typeof service !== 'string' || !/^[\w.-]+$/.test(service))
    throw new TypeError(`service for eureka must be letters, digits, ., _ and -, but is ${JSON.stringify(service)}`)
  return service.toUpperCase()
}

function metadataOf({ metadata, zone, priority, weight, tags }: Instance): Readonly<Record<string, string>> {
  const all = {
    ...metadata,
    ...(zone === undefined ? {} : { zone }),
    ...(priority === undefined ? {} : { priority: String(priority) }),
    ...(weight === undefined ? {} : { weight: String(weight) }),
    ...(tags === undefined || tags.length === 0 ? {} : { tags: tagsText(tags) }),
  }
  for (const [key, value] of Object.entries(all)) checkMetadata(key, value)
  return all
}

/** Clients that read XML would not be able to read anything of anybody: keys are names of elements there. */
function checkMetadata(key: string, value: string): void {
  if (!/^[A-Za-z_][\w.-]*$/.test(key) || /^xml/i.test(key))
    throw new TypeError(
      `metadata keys for eureka are names in XML: letters, digits, ., _ and -, but one is ${JSON.stringify(key)}`,
    )
  if (/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(value))
    throw new TypeError(`metadata.${key} for eureka must have no characters that XML has not`)
}
