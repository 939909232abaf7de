// A part of a pipeline, as its user says it: options, a policy, or nothing.

/** Options of a part, a policy of your own in its place, or `false` for none. */
export type Part<Options, Made> = Options | Made | false | undefined

/**
 * Makes a part, unless it is given or is not wanted, of its own options and of those that all parts have; where both have a
 * listener, both are told. Throws a TypeError for what is neither options nor a policy, and what `make` throws with the name of the part before
 * that of the option.
 */
export function made<Options extends object, Made extends object>(
  name: string,
  part: Part<Options, Made>,
  common: Partial<Options>,
  make: (options: Options) => Made,
): Made | undefined {
  if (part === false) return undefined
  // A policy is a function.
  if (typeof part === 'function') return part as Made
  if (part === undefined) return make(common as Options)
  if (typeof part === 'object' && part !== null) return named(name, () => make(merged(common, part as Options)))
  throw new TypeError(`${name} must be options, a policy or false, but is ${JSON.stringify(part)}`)
}

/** The state of every part that is on, by its name. */
export function snapshotsOf(
  parts: Readonly<Record<string, { snapshot(): unknown } | undefined>>,
): Readonly<Record<string, unknown>> {
  const on = Object.entries(parts).filter(([, part]) => part !== undefined)
  return Object.fromEntries(on.map(([name, part]) => [name, part?.snapshot()]))
}

/** An option that is refused is named with its part: several have one of that name. */
function named<T>(part: string, make: () => T): T {
  try {
    return make()
  } catch (thrown) {
    if (thrown instanceof RangeError) throw new RangeError(`${part}.${thrown.message}`, { cause: thrown })
    if (thrown instanceof TypeError) throw new TypeError(`${part}.${thrown.message}`, { cause: thrown })
    throw thrown
  }
}

type Listener = (event: unknown) => void

function merged<Options extends object>(common: Partial<Options>, own: Options): Options {
  const all: Record<string, unknown> = { ...common }
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) continue
    const other = all[name]
    const isHeardTwice = /^on[A-Z]/.test(name) && typeof value === 'function' && typeof other === 'function'
    all[name] = isHeardTwice ? both(other as Listener, value as Listener) : value
  }
  return all as Options
}

/** The first one is ours, and does not throw. */
function both(first: Listener, second: Listener): Listener {
  return (event) => {
    first(event)
    second(event)
  }
}
