// What is used of the official clients, prom-client and @prometheus-io/client: a registry is taken as a value, for we import neither.

/** A registry of a client. */
export interface ClientRegister {
  /** Of what it writes itself. */
  readonly contentType: string
  registerMetric(metric: ClientCollector): void
  getSingleMetric(name: string): ClientCollector | undefined
  removeSingleMetric(name: string): void
  getMetricsAsJSON(): Promise<readonly ClientFamily[]>
}

/** What is in a registry: anything that gives its values when it is asked. */
export interface ClientCollector {
  get(): Promise<ClientFamily>
  reset(): void
}

/** A metric with its values. */
export interface ClientFamily {
  readonly name: string
  readonly help: string
  /** `counter`, `gauge`, `histogram` or `summary`, whatever one of the clients' own types says. */
  readonly type: unknown
  readonly values: readonly ClientValue[]
}

/** One sample. */
export interface ClientValue {
  readonly value: number
  readonly labels: Readonly<Partial<Record<string, string | number>>>
}

/** What the clients' types leave out of a sample. */
export interface ClientSample extends ClientValue {
  /** Where it is not the metric's own. */
  readonly metricName?: string | undefined
  readonly exemplar?: ClientExemplar | null | undefined
}

/** As the clients keep it. */
export interface ClientExemplar {
  readonly labelSet: Readonly<Partial<Record<string, string | number>>>
  readonly value: number
  /** Seconds since the epoch. */
  readonly timestamp: number
}

/** A client as it is imported: its classes, and its global registry. */
export interface ClientModule {
  readonly register: ClientRegister
  readonly Counter: new (configuration: ClientConfiguration) => ClientMetric<ClientCounterChild>
  readonly Gauge: new (configuration: ClientConfiguration) => ClientMetric<ClientGaugeChild>
  readonly Histogram: new (configuration: ClientConfiguration) => ClientMetric<ClientObserverChild>
  readonly Summary: new (configuration: ClientConfiguration) => ClientMetric<ClientObserverChild>
}

/** What a metric of a client is made of. */
export interface ClientConfiguration {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  /** Their own class, which has more members than we use: only an empty list has a type that fits. */
  readonly registers: never[]
  readonly buckets?: number[]
  readonly percentiles?: number[]
  readonly maxAgeSeconds?: number
  readonly ageBuckets?: number
}

/** A metric of a client. */
export interface ClientMetric<Child> {
  labels(labels: Record<string, string>): Child
  remove(labels: Record<string, string>): void
  /** Called when the metric is read. The clients' own types leave it out. */
  collect?: (() => unknown) | undefined
}

/** One series of a counter. */
export interface ClientCounterChild {
  inc(amount?: number): void
}

/** One series of a gauge. */
export interface ClientGaugeChild extends ClientCounterChild {
  set(value: number): void
}

/** One series of a histogram or a summary. */
export interface ClientObserverChild {
  observe(value: number): void
}
