// A collection whose members know their place in it: what every call joins and leaves, without a hash for each.

/** What can be in a bag; in one at a time. */
export interface Placed {
  /** Where it is; -1 outside. Only the bag sets it. */
  place: number
}

/** Keeps members in no particular order, but in the same one for the same additions and removals. */
export class Bag<Member extends Placed> {
  readonly #members: Member[] = []

  get size(): number {
    return this.#members.length
  }

  /** What is in it now. */
  get members(): readonly Member[] {
    return [...this.#members]
  }

  add(member: Member): void {
    member.place = this.#members.length
    this.#members.push(member)
  }

  /** False when it was not in a bag. */
  remove(member: Member): boolean {
    const { place } = member
    if (place === -1) return false
    member.place = -1
    const last = this.#members.pop() as Member
    if (last !== member) {
      this.#members[place] = last
      last.place = place
    }
    return true
  }
}
