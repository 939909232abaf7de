// KnownInstances: a copy of a registry, to which its deltas are applied, with the hash by which Eureka has it checked.
import type { InstanceInfo } from './instance-info.ts'

/** What is known of an instance: all, or where nobody follows its application, what the hash takes. */
interface Known {
  readonly status: string
  readonly info: InstanceInfo | undefined
}

/** A copy of a registry at a moment. */
export class KnownInstances {
  readonly #wants: (app: string) => boolean
  readonly #apps = new Map<string, Map<string, Known>>()
  readonly #counts = new Map<string, number>()

  /** `wants` tells the applications, in upper case, of which more than the status is kept. */
  constructor(instances: Iterable<InstanceInfo>, wants: (app: string) => boolean) {
    this.#wants = wants
    for (const instance of instances) this.#put(instance)
  }

  /** How many there are of each status, in Eureka's form: `DOWN_1_UP_3_`. */
  get hash(): string {
    const statuses = [...this.#counts.keys()].sort()
    return statuses.map((status) => `${status}_${this.#counts.get(status)}_`).join('')
  }

  /** The instances of an application that is wanted. */
  of(app: string): readonly InstanceInfo[] {
    const known = [...(this.#apps.get(app)?.values() ?? [])]
    return known.flatMap(({ info }) => (info === undefined ? [] : [info]))
  }

  /** Applies a delta. It may be applied again: Eureka tells each change for minutes. */
  apply(delta: Iterable<InstanceInfo>): void {
    for (const instance of delta) {
      if (instance.action === 'DELETED') this.#remove(instance)
      else this.#put(instance)
    }
  }

  /** How many instances of an application another copy has not. */
  missingIn(other: KnownInstances, app: string): number {
    const [own, others] = [this.#apps.get(app), other.#apps.get(app)]
    return [...(own?.keys() ?? [])].filter((id) => others?.has(id) !== true).length
  }

  #put(instance: InstanceInfo): void {
    const { app, id, status } = instance
    this.#remove(instance)
    const known = this.#apps.get(app) ?? new Map<string, Known>()
    this.#apps.set(app, known.set(id, { status, info: this.#wants(app) ? instance : undefined }))
    this.#count(status, 1)
  }

  #remove({ app, id }: InstanceInfo): void {
    const known = this.#apps.get(app)
    const before = known?.get(id)
    if (known === undefined || before === undefined) return
    known.delete(id)
    if (known.size === 0) this.#apps.delete(app)
    this.#count(before.status, -1)
  }

  #count(status: string, by: number): void {
    const count = (this.#counts.get(status) ?? 0) + by
    if (count > 0) this.#counts.set(status, count)
    else this.#counts.delete(status)
  }
}
