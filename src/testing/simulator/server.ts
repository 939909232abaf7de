// A simulated server: instances of one service, the contract that they serve, and clients of it.
import type { CallOptions } from '../../core/call-options.ts'
import { clientOf } from '../../core/client.ts'
import type { Clock } from '../../core/clock.ts'
import type { Code } from '../../core/codes.ts'
import type { Context } from '../../core/context.ts'
import { type Contract, contract, type Method, unary } from '../../core/contract.ts'
import { chain, type Endpoint, type Middleware } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Pipeline } from '../../core/pipeline.ts'
import type { Loose } from '../../core/schema.ts'
import { TriedInstances, triedInstances } from '../../core/tried-instances.ts'
import { fixedInstances } from '../../discovery/fixed-instances.ts'
import { type Instancer, instancerFrom } from '../../discovery/instancer.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Random } from '../../primitives/random.ts'
import type { ClientTransport } from '../../transport/client-transport.ts'
import { type CallFailed, printFault } from '../../transport/hooks.ts'
import { ClientTally } from './client-tally.ts'
import { type Distribution, distributionOf } from './distribution.ts'
import { Instance, methodName, type ServerUse, type SimulatedInstance } from './instance.ts'
import { instanceTransport, listed, type Sendable } from './instance-transport.ts'
import { type PickOrder, picker } from './pick.ts'
import { ServerTally } from './server-tally.ts'
import type { Abandons } from './station.ts'
import { WireCall } from './wire-call.ts'

/** What a simulated server is like. */
export interface SimulatedServerOptions {
  /** How many there are of it, at least 1. @default 1 */
  readonly instances?: number | undefined
  /** How many calls an instance works on at a time, at least 1. @default Infinity */
  readonly slots?: number | undefined
  /** How many calls may wait at an instance for a slot; one more is refused. @default Infinity */
  readonly queue?: number | undefined
  /** How long a call holds its slot, in milliseconds. @default 0 */
  readonly serviceMs?: Distribution | number | undefined
  /** How long a message travels, in milliseconds, each way. @default 0 */
  readonly networkMs?: Distribution | number | undefined
  /** The share of calls that fail after their service time, from 0 to 1. @default 0 */
  readonly errorRatio?: number | undefined
  /** What they fail with. @default 'unavailable' */
  readonly errorCode?: Code | undefined
  /**
   * What is left undone once its caller has called it off or its deadline has passed: `all` of it; only what was `waiting`,
   * while what has a slot keeps it to the end; or `none`, as where neither cancellation nor deadline cross the wire. @default 'all'
   */
  readonly abandons?: Abandons | undefined
  /** Around each call, before it waits for a slot; the first is outermost. @default none */
  readonly use?: ServerUse | undefined
  /** What it does after its service time, holding no slot any more: calls to others. Its result is the response. @default nothing */
  readonly handle?: ((request: Loose, ctx: Context) => unknown) | undefined
  /** Whether a second call does no harm. @default false */
  readonly idempotent?: boolean | undefined
  /** How long a call may take unless its caller says otherwise, in milliseconds. @default 5_000 */
  readonly timeoutMs?: number | undefined
  /** Whether the criticality that callers send counts. @default true */
  readonly trustMetadata?: boolean | undefined
  /** Told of calls that failed at an instance. @default prints what was thrown unless it is a ServiceError */
  readonly onError?: ((event: CallFailed) => void) | undefined
}

/** What a client of a simulated server is like. */
export interface SimulatedClientOptions {
  /** In the report. @default the server's name, and a number from the second one on */
  readonly name?: string | undefined
  /** Around every call; the first is outermost. @default none */
  readonly use?: readonly Middleware[] | undefined
  /** Policies around every call and every attempt, within `use` and before an instance is picked: one state for all instances. @default none */
  readonly pipeline?: Pipeline | undefined
  /** Around every attempt, once its instance is known; called once for each instance. @default none */
  readonly useInstance?: ((instance: SimulatedInstance) => readonly Middleware[]) | undefined
  /** In which order instances are picked. @default 'round_robin' */
  readonly pick?: PickOrder | undefined
}

/** A method of a real client: it can be a load's call, and what a handler calls. */
export type SimulatedCall = (request: Loose, options?: Context | CallOptions) => Promise<Loose>

/** What a server needs of its simulation. */
export interface World {
  readonly clock: Clock
  random(name: string): Random
  /** Notes a server for the report. Throws a TypeError when its name is taken. */
  addServer(name: string, tally: ServerTally): void
  /** As `addServer`, for a client. */
  addClient(name: string, tally: ClientTally): void
}

/** Instances of one service. */
export class SimulatedServer {
  /** The service, with one method: `call`. */
  readonly contract: Contract<{ readonly [methodName]: Method<'unary', Loose, Loose, Loose, Loose> }>
  readonly #world: World
  readonly #instances: readonly Instance[]
  #clients = 0
  #instancer: Instancer | undefined

  /** Throws a TypeError or RangeError for an option that makes no sense. */
  constructor(name: string, world: World, options: SimulatedServerOptions) {
    const { idempotent, timeoutMs, abandons = 'all', networkMs } = options
    this.contract = contract(name, { [methodName]: unary.of<Loose, Loose>({ idempotent, timeoutMs }) })
    this.#world = world
    const count = checkNumber('instances', options.instances ?? 1, { min: 1, max: 10_000, integer: true })
    const slots = checkNumber('slots', options.slots ?? Infinity, { min: 1, integer: true })
    const tally = new ServerTally(count, slots)
    world.addServer(name, tally)
    const shared = {
      contract: this.contract,
      clock: world.clock,
      tally,
      slots,
      queue: checkNumber('queue', options.queue ?? Infinity, { min: 0, integer: true }),
      abandons: oneOf('abandons', abandons, ['all', 'waiting', 'none']),
      serviceMs: distributionOf('serviceMs', options.serviceMs ?? 0),
      networkMs: networkMs === undefined ? undefined : distributionOf('networkMs', networkMs),
      errorRatio: checkNumber('errorRatio', options.errorRatio ?? 0, { min: 0, max: 1 }),
      errorCode: options.errorCode ?? 'unavailable',
      trustMetadata: options.trustMetadata ?? true,
      use: options.use ?? [],
      handle: options.handle,
      onError: options.onError ?? printSurprise,
      random: (part: string) => world.random(part),
    }
    this.#instances = Array.from({ length: count }, (_, index) => new Instance({ ...shared, index }))
  }

  /** All of them; the first one has the number 0. */
  get instances(): readonly SimulatedInstance[] {
    return this.#instances
  }

  /** Throws a RangeError when there is none with that number. */
  instance(index: number): SimulatedInstance {
    checkNumber('index', index, { min: 0, max: this.#instances.length - 1, integer: true })
    return this.#instances[index] as Instance
  }

  /** What a registry says of this server: all instances, whatever befalls them. */
  get instancer(): Instancer {
    const { clock } = this.#world
    const name = `${this.contract.name} in the simulation`
    this.#instancer ??= instancerFrom(name, fixedInstances(this.#instances.map(listed)), { clock })
    return this.#instancer
  }

  /**
   * The wire to single instances, for clients that choose among them: `balancedClient(server.contract, { instancer: server.instancer,
   * over: server.transport(), clock: sim.clock })`. In the report each has its attempts; calls are those of the load.
   */
  transport({ name, useInstance }: Pick<SimulatedClientOptions, 'name' | 'useInstance'> = {}): ClientTransport {
    return instanceTransport(this.#targets(useInstance), this.#newTally(name).tally)
  }

  /** A client of this server, made as those of all transports are: give it the policies that are to be tried. */
  client(options: SimulatedClientOptions = {}): SimulatedCall {
    const order = oneOf('pick', options.pick ?? 'round_robin', ['round_robin', 'random'])
    const { name, tally } = this.#newTally(options.name)
    const targets = this.#targets(options.useInstance)
    const pick = picker(targets, order, this.#world.random(`client ${name}`))
    const send: Endpoint<Loose, unknown> = (request, ctx) => {
      tally.attempts++
      return pick(ctx).send(request, ctx)
    }
    const use = options.use ?? []
    const client = clientOf(this.contract, {
      clock: this.#world.clock,
      use: this.#instances.length > 1 ? [noteInstances, ...use] : use,
      pipeline: options.pipeline,
      connect: () => send,
    })
    return (request, given) => {
      tally.calls++
      return client[methodName](request, given)
    }
  }

  #newTally(given: string | undefined): { readonly name: string; readonly tally: ClientTally } {
    this.#clients++
    const name = given ?? (this.#clients === 1 ? this.contract.name : `${this.contract.name} ${this.#clients}`)
    const tally = new ClientTally(this.contract.name)
    this.#world.addClient(name, tally)
    return { name, tally }
  }

  #targets(use: SimulatedClientOptions['useInstance']): readonly Sendable[] {
    return this.#instances.map((instance) => ({ id: instance.id, send: sender(instance, use) }))
  }
}

function sender(instance: Instance, use: SimulatedClientOptions['useInstance']): Endpoint<Loose, unknown> {
  const send: Endpoint<Loose, unknown> = (request, ctx) =>
    new Promise((resolve, reject) => {
      new WireCall(instance, request, ctx, resolve, reject)
    })
  return chain(...(use?.(instance) ?? []))(send)
}

/** Stands outside of what repeats calls, as a balancer's own layer does. */
const noteInstances: Middleware = (next) => (request, ctx) =>
  next(request, ctx.with(triedInstances, new TriedInstances()))

function printSurprise(event: CallFailed): void {
  if (!(event.thrown instanceof ServiceError)) printFault(event)
}

function oneOf<T extends string>(option: string, value: T, legal: readonly T[]): T {
  if (legal.includes(value)) return value
  throw new TypeError(`${option} must be one of ${legal.join(', ')}, but is ${String(value)}`)
}
