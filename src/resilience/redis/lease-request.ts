// LeaseRequest: what goes to the script that leases tokens and what comes back, as it is on the wire.

/** What one process asks of a bucket. Tokens are whole, but for what was used on credit and comes back. */
export interface LeaseRequest {
  readonly perSecond: number
  readonly burst: number
  /** Who asks: a name that no other process has. */
  readonly member: string
  readonly ask: number
  readonly returned: number
  /** How many were used without having been leased. */
  readonly credit: number
  readonly aheadMs: number
  /** Whether the bucket was lost, should it not be there: then it begins empty, not full. */
  readonly isKnown: boolean
  /** Whether the process takes no more. */
  readonly isLeaving: boolean
}

/** What Redis answers. */
export interface LeaseGrant {
  readonly now: number
  readonly later: number
  readonly laterMs: number
  /** How many processes take from the bucket. */
  readonly processes: number
  readonly againMs: number
}

/** The request as arguments of the script. */
export function leaseArguments(request: LeaseRequest): readonly string[] {
  const { perSecond, burst, member, ask, returned, credit, aheadMs, isKnown, isLeaving } = request
  const flag = (is: boolean) => (is ? '1' : '0')
  const numbers = [ask, returned, credit, aheadMs].map(String)
  return [String(perSecond), String(burst), member, ...numbers, flag(!isKnown), flag(isLeaving)]
}

/** Reads what the script gave. Throws an Error for what it cannot have given: somebody else answered. */
export function leaseGrant(reply: unknown): LeaseGrant {
  const numbers = Array.isArray(reply) ? reply.map(Number) : []
  const [now, later, laterMs, processes, againMs] = numbers
  if (numbers.length !== 5 || !numbers.every((each) => Number.isSafeInteger(each) && each >= 0))
    throw new Error('Redis answered the lease with what is none')
  return { now, later, laterMs, processes, againMs } as LeaseGrant
}
