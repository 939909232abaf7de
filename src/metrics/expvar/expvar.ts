// expvar: the page of variables that Go programs have at /debug/vars, for the readers made for those (expvarmon, Datadog, Netdata, Metricbeat).
import type { Handler } from '../../core/handler.ts'
import { refuseMethod } from '../refuse-method.ts'
import type { Registry } from '../registry.ts'
import { memStats } from './mem-stats.ts'
import { type Variable, variables } from './variables.ts'

/** What the page shows besides the metrics. */
export interface ExpvarOptions {
  /**
   * What `cmdline` tells: the runtime and the program, their arguments too, or nothing. Go shows the arguments, but some may
   * be secrets. @default 'program'
   */
  readonly cmdline?: 'program' | 'arguments' | 'nothing' | undefined
}

const shown = { program: 2, arguments: Infinity, nothing: 0 }

/**
 * Answers GET and HEAD with one JSON object: `cmdline`, `memstats` with those fields of Go's that are true here, and the metrics
 * of a registry, see `variables`. What is no finite number is null. Should two variables have the same name, the later one is
 * called `name#2`. Other methods are 405. Throws a TypeError for an option that there is not.
 *
 * In expvarmon, where a dot leads a level down, a label is found with `calls.method=sum`, a p99 with `latency\.p99`.
 */
export function expvar(registry: Registry, options?: ExpvarOptions): Handler {
  const { cmdline = 'program' } = options ?? {}
  if (!Object.hasOwn(shown, cmdline))
    throw new TypeError(`cmdline must be one of ${Object.keys(shown).join(', ')}, but is ${String(cmdline)}`)
  return ({ method }) => {
    const refused = refuseMethod(method, 'variables')
    if (refused !== undefined) return refused
    const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
    // Nothing is collected for one who would not see it.
    return new Response(method === 'HEAD' ? null : page(registry, shown[cmdline]), { headers })
  }
}

/** A variable a line, as Go writes it, so that people can read it too. */
function page(registry: Registry, most: number): string {
  const lines = new Map<string, string>()
  const publish = (name: string, variable: Variable | readonly string[] | object) => {
    let free = name
    for (let place = 2; lines.has(free); place++) free = `${name}#${place}`
    lines.set(free, `${JSON.stringify(free)}: ${JSON.stringify(variable)}`)
  }
  if (most > 0) publish('cmdline', process.argv.slice(0, most))
  const memory = memStats()
  if (memory !== undefined) publish('memstats', memory)
  for (const [name, variable] of variables(registry.collect())) publish(name, variable)
  return `{\n${[...lines.values()].join(',\n')}\n}\n`
}
