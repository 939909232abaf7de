// What a receiver of StatsD makes of lines, for tests: the rules are those of statsd 0.9.

/** The values of one timer. */
export interface TimerValues {
  readonly values: readonly number[]
  /** How many they stand for. */
  readonly count: number
}

/** Adds up counters, keeps gauges and lists the values of timers. Of these it takes negative ones too, as others than statsd itself do. */
export class StatsdTotals {
  readonly counters: Map<string, number> = new Map()
  readonly gauges: Map<string, number> = new Map()
  readonly timers: Map<string, TimerValues> = new Map()
  readonly badLines: string[] = []

  /** Takes a packet, or whole lines of a stream. */
  take(packet: string): void {
    for (const line of packet.split('\n')) if (line !== '') this.#takeLine(line)
  }

  #takeLine(line: string): void {
    const [, name = '', text = '', type = '', ratio = '1'] =
      /^([\w.-]+):([-+\d.e]+)\|(c|g|ms)(?:\|@([\d.]+))?$/.exec(line) ?? []
    const value = Number(text)
    const times = 1 / Number(ratio)
    if (name === '' || text === '' || Number.isNaN(value)) this.badLines.push(line)
    else if (type === 'c') this.counters.set(name, (this.counters.get(name) ?? 0) + value * times)
    else if (type === 'g') this.gauges.set(name, /^[-+]/.test(text) ? (this.gauges.get(name) ?? 0) + value : value)
    else {
      const { values, count } = this.timers.get(name) ?? { values: [], count: 0 }
      const known = values as number[]
      known.push(value)
      this.timers.set(name, { values: known, count: count + times })
    }
  }
}
