// What an instancer hands to its conformance suite: a registry that says and does what it is told, and how time passes there.
import assert from 'node:assert/strict'
import { type Instance, inOrder, sameInstances } from '../../discovery/instance.ts'
import type { Instancer, InstancerErrorEvent, InstancerOptions, InstanceSet } from '../../discovery/instancer.ts'
import { assertSeen } from './assert-seen.ts'
import { type HarnessTime, letsGo, quickBackoff, settles, until } from './harness-time.ts'
import type { CaseTest } from './left-out.ts'

/** One property that every instancer has. */
export interface InstancerCase {
  /** The property, as a fact. */
  readonly name: string
  /** Rejects when the instancer does not have it. Told its test, it has that skipped where the harness has not what it takes. */
  run(harness: InstancerHarness, test?: CaseTest): Promise<void>
}

/**
 * What a registry cannot carry; the cases then expect the default in its place. `ids`: an instance's id is its address. `weight`, `priority`, `zone`,
 * `tags`, `metadata`: the members of an instance. `ports`: all instances have the port 8080. `ipv6`: all addresses are IPv4. `empty`: it cannot tell
 * a service without instances from none, so that what was known then stays. `changes`: what it says is fixed when an instancer is made. `atOnce`: a
 * list that is set over another may be seen bit by bit.
 */
export type InstancerLack =
  | 'ids'
  | 'weight'
  | 'priority'
  | 'zone'
  | 'tags'
  | 'metadata'
  | 'ports'
  | 'ipv6'
  | 'empty'
  | 'changes'
  | 'atOnce'

/** A registry of its own for one case. Disposing it ends it; instancers are disposed by the cases. */
export interface OpenRegistry extends HarnessTime, AsyncDisposable {
  /** Makes an instancer of the service under test. What the suite says of back-off and clock must reach it; polls, if any, should be frequent. */
  instancer(options: InstancerOptions): Instancer
  /** What the registry says of the service from now on, in this order where it has one. While it is stopped: what it says once it is up again. */
  set(instances: readonly Instance[]): Promise<void>
  /** Makes the registry unreachable, and cuts what is connected. Left out, with `start`, where a registry is always there. */
  stop?(): Promise<void>
  /** Makes it reachable again. */
  start?(): Promise<void>
  /** Makes each answer come this much later than it would, in milliseconds of the clock; 0 ends that. Left out where it cannot be. */
  delay?(ms: number): Promise<void>
  /** Makes what it answers senseless, also to who waits for an answer now, until it is told `false`. Left out where it cannot be. */
  garble?(isGarbled: boolean): Promise<void>
  /** How often it has been asked for the service since it was opened; what one try asks in several requests counts once. Left out where nobody can count. */
  attempts?(): number
  /**
   * How much is open for the sake of instancers: connections and watches as the registry sees them, requests, file watchers and timers as the process
   * does. What it is before an instancer is made, it must be after its end. Left out where nobody can count.
   */
  held?(): number
}

/** What an adapter of an instancer hands in. */
export interface InstancerHarness {
  /** Opens a registry that is up and knows no instances of the service. */
  open(): Promise<OpenRegistry>
  /** What this registry cannot carry. @default nothing */
  readonly without?: readonly InstancerLack[] | undefined
  /** How an instance that was set comes back, where that is another: with an id of the registry's own, say. What is lacking is left out of it afterwards. @default as it was */
  seen?(instance: Instance): Instance
  /** How many instances the registry can hold; at least 100. @default 10_000 */
  readonly most?: number | undefined
  /** How long the outage is in which attempts are counted, in milliseconds of the clock: less where time is real. @default 60_000 */
  readonly outageMs?: number | undefined
}

/** An instancer of an open registry, and what was heard of it. */
export class InstancerSetup {
  readonly harness: InstancerHarness
  readonly registry: OpenRegistry
  readonly instancer: Instancer
  /** What the last subscriber of `subscribe` was told. */
  heard: InstanceSet[] = []
  readonly failures: InstancerErrorEvent[] = []
  readonly #heardByAll: InstanceSet[][] = []
  readonly #heldBefore: number

  constructor(harness: InstancerHarness, registry: OpenRegistry, heldBefore: number = registry.held?.() ?? 0) {
    this.harness = harness
    this.registry = registry
    this.#heldBefore = heldBefore
    this.instancer = registry.instancer({
      clock: registry.clock,
      backoff: quickBackoff,
      recoveryMs: 0,
      onError: (event) => this.failures.push(event),
    })
  }

  lacks(lack: InstancerLack): boolean {
    return this.harness.without?.includes(lack) === true
  }

  /** Subscribes, and keeps what is told. */
  subscribe(): Disposable {
    const heard: InstanceSet[] = []
    this.heard = heard
    this.#heardByAll.push(heard)
    return this.instancer.subscribe((set) => heard.push(set))
  }

  /** Resolves when these instances are known, the registry works, and the subscriber was told so. */
  knows(instances: readonly Instance[], what = 'the instances'): Promise<void> {
    const check = () => {
      const { current } = this.instancer
      if (current.error !== undefined) throw current.error
      assertSeen(current.instances, instances, this.harness, what)
      const { instances: told, error } = this.heard.at(-1) ?? {}
      assert.ok(error === undefined && told !== undefined, 'the subscriber should be told that there are instances')
      assertSeen(told, instances, this.harness, `${what} that the subscriber was told of`)
    }
    return until(this.registry, check, `${what} are known`)
  }

  /** Resolves when the registry is known to fail, and the subscriber was told so. */
  async fails(): Promise<void> {
    const { instancer } = this
    await until(this.registry, () => instancer.current.error !== undefined, 'the failure is told')
    const { error, failingSince } = instancer.current
    assert.ok(error instanceof Error && error.message !== '', 'the failure should be an Error that says something')
    assert.equal(typeof failingSince, 'number')
    assert.ok(this.heard.at(-1)?.error instanceof Error, 'the subscriber should be told of the failure')
    assert.equal(this.failures.at(-1)?.name, instancer.name)
  }

  /** Resolves when nothing is held any more. */
  letsGo(): Promise<void> {
    return letsGo(this.registry, this.#heldBefore)
  }

  /** Disposes the instancer, and asserts what is true of each: it ends, leaves nothing behind, and told what it told well. */
  async end(): Promise<void> {
    await settles(this.registry, this.instancer[Symbol.asyncDispose](), 'the instancer ends')
    await this.letsGo()
    this.#heardByAll.forEach(assertWellTold)
  }
}

/** Runs a case with an instancer of a registry that knows some instances. */
export async function withInstancer(
  harness: InstancerHarness,
  instances: readonly Instance[],
  run: (setup: InstancerSetup) => Promise<void>,
): Promise<void> {
  await using registry = await harness.open()
  if (instances.length > 0) await registry.set(instances)
  const setup = new InstancerSetup(harness, registry)
  try {
    await run(setup)
  } catch (thrown) {
    // The first reason is the one to tell.
    await setup.end().catch(() => {})
    throw thrown
  }
  await setup.end()
}

/** Each set in order and without duplicates, and none that says what the one before said. */
function assertWellTold(sets: readonly InstanceSet[]): void {
  for (const [at, { instances, error }] of sets.entries()) {
    if (instances !== undefined)
      assert.ok(sameInstances(instances, inOrder(instances)), 'each set should be in order and without duplicates')
    const before = sets[at - 1]
    if (before === undefined || (before.error === undefined) !== (error === undefined)) continue
    const isNews =
      instances === undefined || before.instances === undefined
        ? instances !== before.instances
        : !sameInstances(instances, before.instances)
    assert.ok(isNews, 'a subscriber should be told nothing twice')
  }
}
