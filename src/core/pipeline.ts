// Pipeline: the policies of a client as a value, in two lists, so that whoever repeats calls or picks instances can stand between them.
import type { Middleware } from './endpoint.ts'
import type { MethodInfo } from './method.ts'

/** What a pipeline is going to be used for. */
export interface PipelineUse {
  /** The methods that will be called. */
  readonly methods: readonly MethodInfo[]
  /** How many connections there may be, each of which carries one call at a time; undefined where nothing limits them. */
  readonly maxConnections?: number | undefined
}

/** Policies around the calls of a client. */
export interface Pipeline {
  /** Around each call as a whole; the first is outermost. */
  readonly call: readonly Middleware[]
  /** Around each attempt of a call, within the others; the first is outermost. */
  readonly attempt: readonly Middleware[]
  /** How long a unary call may take where neither its caller nor its method says so, in milliseconds. @default 5_000 */
  readonly timeoutMs?: number | undefined
  /** How many calls there may be at once: a client that is not told otherwise has as many connections. */
  readonly maxInFlight?: number | undefined
  /** Called when a client is built. Throws a TypeError for what cannot work together, and warns of what hardly can. */
  check?(use: PipelineUse): void
}

/** All layers around the calls of a client that has one target: there, what stands around an attempt stands around the call. */
export function clientLayers(
  {
    use = [],
    pipeline,
  }: { readonly use?: readonly Middleware[] | undefined; readonly pipeline?: Pipeline | undefined },
  used: PipelineUse,
): readonly Middleware[] {
  if (pipeline === undefined) return use
  if (!Array.isArray(pipeline?.call) || !Array.isArray(pipeline.attempt))
    throw new TypeError('pipeline must be what clientPipeline() gives')
  pipeline.check?.(used)
  return [...use, ...pipeline.call, ...pipeline.attempt]
}
