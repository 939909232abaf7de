// A Eureka that is told more than the usual one: deltas switched off, answers that are never old.
import type { Server } from '../server.ts'
import { eureka } from './eureka.ts'

/** The server with these properties of Spring, like `eureka.server.disable-delta=true`, in place of its own or in addition. */
export function eurekaWith(...properties: readonly string[]): Server<'http'> {
  const { serving } = eureka
  if (serving === undefined) throw new Error('eureka is served')
  return {
    ...eureka,
    serving: {
      ...serving,
      launch: async (place) => {
        const { args, ...launch } = await serving.launch(place)
        const named = new Set(properties.map(nameOf))
        const others = args.filter((arg) => !named.has(nameOf(arg.replace(/^--/, ''))))
        return { ...launch, args: [...others, ...properties.map((property) => `--${property}`)] }
      },
    },
  }
}

const nameOf = (property: string): string => property.split('=')[0] as string
