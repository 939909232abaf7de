// Eureka: the server of Spring Cloud Netflix, built from its Maven artifacts. One server, which keeps all in memory.
import { join } from 'node:path'
import { javaProgram, maven } from '../maven.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'

/**
 * A restart forgets all that it was told. It is quicker than it is by default, which would be too slow for tests: it looks for lapsed leases each second in place of
 * each minute, its answers are at most 500 ms old in place of 30 s, and it gives up who is silent however many they are.
 */
export const eureka: Server<'http'> = {
  name: 'eureka',
  source: maven({
    folder: import.meta.dirname,
    title: 'Spring Cloud Netflix Eureka',
    sources: ['src/Main.java'],
    jar: 'target/eureka.jar',
    version: /<spring-cloud.version>([^<]+)</,
  }),
  serving: {
    ports: ['http'],
    launch: ({ installed, ports }) => ({
      command: javaProgram(),
      args: [
        '-Xmx256m',
        '-XX:TieredStopAtLevel=1',
        '-jar',
        join(installed, 'eureka.jar'),
        `--server.address=${host}`,
        `--server.port=${ports.http}`,
        '--eureka.instance.hostname=localhost',
        '--eureka.client.register-with-eureka=false',
        '--eureka.client.fetch-registry=false',
        '--eureka.server.enable-self-preservation=false',
        '--eureka.server.eviction-interval-timer-in-ms=1000',
        '--eureka.server.response-cache-update-interval-ms=500',
        // An answer that is made while something changes may be kept without that: for 3 min by default.
        '--eureka.server.response-cache-auto-expiration-in-seconds=1',
        '--eureka.server.wait-time-in-ms-when-sync-empty=0',
        '--logging.level.root=WARN',
        '--spring.main.banner-mode=off',
      ],
    }),
    isReady: async ({ ports }) => {
      const reply = await fetch(`${urlOf(ports)}/apps`, { headers: { accept: 'application/json' } })
      return reply.ok && 'applications' in ((await reply.json()) as object)
    },
    // A JVM on a busy machine takes its time.
    readyWithinMs: 60_000,
    addresses: ({ ports }) => ({ url: urlOf(ports) }),
  },
}

const urlOf = ({ http }: { readonly http: number }) => `http://${host}:${http}/eureka`
