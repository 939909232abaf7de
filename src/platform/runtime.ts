// Which runtime this is: others have the functions of Node, but what they tell is not always what Node tells.

/** A runtime and its version. */
export interface Runtime {
  /** As OpenTelemetry calls them. */
  readonly name: 'nodejs' | 'bun' | 'deno'
  readonly version: string
  /** The engine that runs JavaScript, and its version. */
  readonly engine: string
}

/** The runtime that has these versions. */
export function runtime(versions: Readonly<Record<string, string | undefined>> = process.versions): Runtime {
  const { bun, deno, node = '', webkit, v8 = '' } = versions
  // Bun names a V8 too, for those who ask for it.
  if (bun !== undefined) return { name: 'bun', version: bun, engine: `jsc ${webkit ?? ''}`.trimEnd() }
  const engine = `v8 ${v8}`
  return deno === undefined ? { name: 'nodejs', version: node, engine } : { name: 'deno', version: deno, engine }
}
