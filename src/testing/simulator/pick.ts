// Which instance an attempt goes to: without a look at their health, which is for policies and balancers to know.
import type { Context } from '../../core/context.ts'
import { type TriedInstances, triedInstances } from '../../core/tried-instances.ts'
import type { Random } from '../../primitives/random.ts'

/** In turn, or by chance. */
export type PickOrder = 'round_robin' | 'random'

/** What is picked from. */
interface Pickable {
  readonly id: string
}

type Choice<Target> = (tried: TriedInstances | undefined) => Target

/** Gives the instance of the next attempt, and notes it: one that the call has not been sent to, while there is one. There must be instances. */
export function picker<Target extends Pickable>(
  instances: readonly Target[],
  order: PickOrder,
  random: Random,
): (ctx: Context) => Target {
  const choose = order === 'random' ? byChance(instances, random) : inTurn(instances)
  return (ctx) => {
    const tried = ctx.get(triedInstances)
    const picked = choose(tried)
    tried?.add(picked.id)
    return picked
  }
}

function inTurn<Target extends Pickable>(instances: readonly Target[]): Choice<Target> {
  let turn = -1
  const next = () => {
    turn = (turn + 1) % instances.length
    return instances[turn] as Target
  }
  return (tried) => {
    let picked = next()
    for (let others = instances.length - 1; others > 0 && tried?.has(picked.id); others--) picked = next()
    return picked
  }
}

function byChance<Target extends Pickable>(instances: readonly Target[], random: Random): Choice<Target> {
  const draw = (from: readonly Target[]) => from[Math.floor(from.length * random())] as Target
  return (tried) => {
    const picked = draw(instances)
    if (!tried?.has(picked.id)) return picked
    const left = instances.filter(({ id }) => !tried.has(id))
    return left.length === 0 ? picked : draw(left)
  }
}
