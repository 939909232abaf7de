// What a run came to: data that is found by name, a table for terminals, and a plot.
import type { ClientReport } from './client-tally.ts'
import type { LoadReport } from './load.ts'
import { plot } from './plot.ts'
import { reportText } from './report-text.ts'
import type { ServerReport } from './server-tally.ts'
import type { SimulationData } from './simulation-data.ts'

/** The same bytes for the same seed, in each of its forms. */
export class SimulationReport {
  readonly data: SimulationData

  constructor(data: SimulationData) {
    this.data = data
  }

  /** What became of the calls of a load. Throws a TypeError when there is none of that name, as the others do. */
  load(name: string): LoadReport {
    return named('load', this.data.loads, name)
  }

  /** What the instances of a server did. */
  server(name: string): ServerReport {
    return named('server', this.data.servers, name)
  }

  /** How often a client was called, and what it made of that. */
  client(name: string): ClientReport {
    return named('client', this.data.clients, name)
  }

  /** Tables for a terminal, ending with a line break. */
  text(): string {
    return reportText(this.data)
  }

  /** A plot over time: what was offered and what succeeded, what arrived at each server, and the p99 of each load. */
  svg(): string {
    return plot(this.data)
  }

  toJSON(): SimulationData {
    return this.data
  }
}

function named<Part>(what: string, parts: Readonly<Record<string, Part>>, name: string): Part {
  const found = Object.hasOwn(parts, name) ? parts[name] : undefined
  if (found !== undefined) return found
  throw new TypeError(`there is no ${what} named ${name}, but ${Object.keys(parts).join(', ') || 'none'}`)
}
