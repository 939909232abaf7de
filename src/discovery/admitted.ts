// Which candidates may be called: the healthy ones of the first priority, unless so many are not that health itself is in doubt.

/** What is looked at of a candidate. */
export interface Admissible {
  readonly instance: { readonly priority?: number | undefined }
  readonly healthy: boolean
}

/** Who may be called. */
export interface Admitted<Member> {
  readonly members: readonly Member[]
  /** Whether all count as healthy, since too few are. */
  readonly panic: boolean
}

/**
 * Gives the healthy members with the lowest priority number of which at least `panicRatio` are healthy (RFC 2782: others only when those cannot
 * be called). Where there is no such priority all members count as healthy of the first one that has a healthy one, else of the first: it is likelier then that what
 * judges them is wrong, or that the rest would break under the load of all, than that they are all to be left alone (Envoy's panic threshold).
 */
export function admitted<Member extends Admissible>(members: readonly Member[], panicRatio: number): Admitted<Member> {
  let fallback: readonly Member[] | undefined
  let isHopeful = false
  for (const group of byPriority(members)) {
    const healthy = group.filter((member) => member.healthy)
    if (fallback === undefined || (!isHopeful && healthy.length > 0)) fallback = group
    isHopeful ||= healthy.length > 0
    if (healthy.length > 0 && healthy.length >= group.length * panicRatio)
      return { members: healthy.length === group.length ? group : healthy, panic: false }
  }
  return fallback === undefined ? { members: [], panic: false } : { members: fallback, panic: true }
}

function byPriority<Member extends Admissible>(members: readonly Member[]): readonly (readonly Member[])[] {
  const priority = ({ instance }: Member) => instance.priority ?? 0
  const lowest = members.length === 0 ? 0 : priority(members[0] as Member)
  // Nearly always there is only one.
  if (members.every((member) => priority(member) === lowest)) return members.length === 0 ? [] : [members]
  const groups = new Map<number, Member[]>()
  for (const member of members) {
    const group = groups.get(priority(member))
    if (group === undefined) groups.set(priority(member), [member])
    else group.push(member)
  }
  return [...groups].sort(([one], [other]) => one - other).map(([, group]) => group)
}
