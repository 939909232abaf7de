// What a registrar hands to its conformance suite: a registry whose lists can be read, that fails when it is told to, and how time passes there.
import assert from 'node:assert/strict'
import { type Instance, inOrder } from '../../discovery/instance.ts'
import type { Registrar, RegistrarErrorEvent, RegistrarOptions, Registration } from '../../discovery/registrar.ts'
import { assertSeen, expectedOf, type InstanceLack } from './assert-seen.ts'
import { type HarnessTime, letsGo, quickBackoff, settles, until } from './harness-time.ts'
import type { CaseTest } from './left-out.ts'

/** One property that every registrar has. */
export interface RegistrarCase {
  /** The property, as a fact. */
  readonly name: string
  /** Rejects when the registrar does not have it. Told its test, it has that skipped where the harness has not what it takes. */
  run(harness: RegistrarHarness, test?: CaseTest): Promise<void>
}

/** What a registry does not keep of an instance; the cases then expect the default in its place. `ids`: an instance's id is its address. */
export type RegistrarLack = InstanceLack

/** A registry of its own for one case. Disposing it ends it; registrars are disposed by the cases. */
export interface OpenRegistrarRegistry extends HarnessTime, AsyncDisposable {
  /** Makes a registrar of its own connections. What the suite says of back-off, time limit and clock must reach it. */
  registrar(options: RegistrarOptions): Registrar
  /** The instances of a service that the registry has and holds for alive, in any order. Asked only while it is up. */
  listed(service: string): Promise<readonly Instance[]>
  /** Makes the registry unreachable, and cuts what is connected; what it knows stays. Left out, with `start`, where a registry is always there. */
  stop?(): Promise<void>
  /** Makes it reachable again. */
  start?(): Promise<void>
  /** Makes each answer come this much later than it would, in milliseconds of the clock; 0 ends that. Left out where it cannot be. */
  delay?(ms: number): Promise<void>
  /** How often it has been told of an instance since it was opened; what one try tells in several requests counts once. Left out where nobody can count. */
  attempts?(): number
  /** Makes the registry lose all that it was told, as if it came back without memory; called while it is stopped, where it can be. Left out where it cannot be. */
  forget?(): Promise<void>
  /**
   * After how long a registry gives up an instance that is not renewed, in milliseconds of the clock; undefined where it does not. The shorter the better
   * where time is real.
   */
  readonly leaseMs?: number | undefined
  /**
   * Cuts the connections of a registrar as the end of its process does, without telling the registry. The suite stops its clock before; left out where
   * nothing stays connected.
   */
  kill?(registrar: Registrar): Promise<void>
  /**
   * How much is open for the sake of registrars: connections as the registry sees them, requests and timers as the process does. What it is before a
   * registrar is made, it must be after its end. Left out where nobody can count.
   */
  held?(): number
}

/** What an adapter of a registrar hands in. */
export interface RegistrarHarness {
  /** Opens a registry that is up and knows nothing. */
  open(): Promise<OpenRegistrarRegistry>
  /** What this registry does not keep. @default nothing */
  readonly without?: readonly RegistrarLack[] | undefined
  /** How an instance that was registered is listed, where that is another. @default as it was */
  seen?(instance: Instance): Instance
  /** How long the outage is in which attempts are counted, in milliseconds of the clock: less where time is real. @default 60_000 */
  readonly outageMs?: number | undefined
}

/** A registrar of an open registry. */
export class RegistrarSetup {
  readonly harness: RegistrarHarness
  readonly registry: OpenRegistrarRegistry
  readonly registrar: Registrar
  readonly failures: RegistrarErrorEvent[] = []
  readonly #heldBefore: number

  constructor(harness: RegistrarHarness, registry: OpenRegistrarRegistry) {
    this.harness = harness
    this.registry = registry
    this.#heldBefore = registry.held?.() ?? 0
    this.registrar = this.another()
  }

  /** Another registrar, which the case disposes by itself. */
  another(options: RegistrarOptions = {}): Registrar {
    const { registry } = this
    return registry.registrar({
      clock: registry.clock,
      backoff: quickBackoff,
      timeoutMs: 2_000,
      onError: (event) => this.failures.push(event),
      ...options,
    })
  }

  lacks(lack: RegistrarLack): boolean {
    return this.harness.without?.includes(lack) === true
  }

  /** Resolves when the registry has these instances of a service, and no others. */
  lists(service: string, instances: readonly Instance[], what = 'the instances'): Promise<void> {
    const { registry, harness } = this
    const check = async () => assertSeen(inOrder(await registry.listed(service)), instances, harness, what)
    return until(registry, check, `${what} are listed`)
  }

  /** Resolves when no others are left, before any lease could have run out; those that are left were there all the while. */
  async leaves(service: string, instances: readonly Instance[]): Promise<void> {
    const { registry, harness } = this
    const limitMs = registry.leaseMs === undefined ? registry.limitMs : registry.leaseMs / 2
    const time = { clock: registry.clock, pass: (ms: number) => registry.pass(ms), limitMs }
    let missed = ''
    const check = async () => {
      const listed = inOrder(await registry.listed(service))
      const isThere = ({ address }: Instance) => listed.some((each) => each.address === address)
      missed ||= expectedOf(instances, harness).find((each) => !isThere(each))?.id ?? ''
      if (missed === '') assertSeen(listed, instances, harness)
    }
    await until(time, check, 'what was closed is taken back')
    assert.equal(missed, '', 'what was not closed should stay')
  }

  /** Registers, and resolves when the registry has them. */
  async registers(service: string, instances: readonly Instance[]): Promise<readonly Registration[]> {
    const registrations = instances.map((instance) => this.registrar.register(service, instance))
    const all = Promise.all(registrations.map(({ registered }) => registered))
    await settles(this.registry, all, 'all are registered')
    return registrations
  }

  /** Registers one, and resolves when the registry has it. */
  async has(service: string, instance: Instance): Promise<Registration> {
    const registration = this.registrar.register(service, instance)
    await settles(this.registry, registration.registered, `${instance.id} is registered`)
    return registration
  }

  /** Closes a registration. */
  closes(registration: Registration): Promise<void> {
    return settles(this.registry, registration.close(), `${registration.instance.id} is closed`)
  }

  /** Disposes a registrar. */
  async disposes(registrar: Registrar = this.registrar): Promise<void> {
    await settles(this.registry, registrar[Symbol.asyncDispose](), 'the registrar ends')
  }

  /** Resolves when nothing is held any more. */
  letsGo(): Promise<void> {
    return letsGo(this.registry, this.#heldBefore)
  }

  /** Disposes the registrar, and asserts that it ends and leaves nothing behind. */
  async end(): Promise<void> {
    await this.disposes()
    await this.letsGo()
  }
}

/** Runs a case with a registrar of a registry that knows nothing. */
export async function withRegistrar(
  harness: RegistrarHarness,
  run: (setup: RegistrarSetup) => Promise<void>,
): Promise<void> {
  await using registry = await harness.open()
  const setup = new RegistrarSetup(harness, registry)
  try {
    await run(setup)
  } catch (thrown) {
    // The first reason is the one to tell.
    await setup.end().catch(() => {})
    throw thrown
  }
  await setup.end()
}
