// Makes the node of an instance, with those above it, in the place of what an earlier self may have left there.
import { ServiceError } from '../../core/errors.ts'
import type { ZookeeperAclEntry } from './acl.ts'
import { instanceIn } from './instance-text.ts'
import type { Link } from './link.ts'
import { above } from './node-name.ts'
import { addNode, getData, type NodeData, removeNode, setData } from './operation.ts'

/** The node of an instance. */
export interface Place {
  readonly path: string
  readonly data: Buffer
  /** Where the instance is called. */
  readonly address: string
  readonly acl: readonly ZookeeperAclEntry[]
}

// Each one needs somebody else who makes or removes a node at the same moment.
const mostTries = 8

/**
 * Resolves when the node is that of this session. One that another session has is taken over only where it is for the same address: two processes cannot
 * listen there, so the other one is no more. Rejects with `already_exists` for any other, and with the reason of the signal before it asks for more.
 */
export async function takePlace(link: Link, place: Place, signal: AbortSignal): Promise<void> {
  const { path, data, acl } = place
  for (let tries = 0; tries < mostTries; tries++) {
    signal.throwIfAborted()
    const outcome = await link.request(addNode({ path, data, acl, mode: 'ephemeral' }))
    if (outcome === 'created') return
    // Whoever asked may have taken it back meanwhile, and what is sent now would come after that.
    signal.throwIfAborted()
    if (outcome === 'parentless') {
      await makeParents(link, path, acl)
      continue
    }
    const there = await link.request(getData(path, false))
    signal.throwIfAborted()
    if (there === undefined) continue
    if (there.stat.ephemeralOwner !== link.sessionId) {
      checkIsPast(place, there)
      await link.request(removeNode(path, there.stat.version))
    } else if (there.data.equals(data) || (await link.request(setData(path, data)))) return
  }
  throw new ServiceError('aborted', `${path} is made and removed by somebody else all the time`)
}

/** Makes what is missing above, at once: nodes that the server removes when the last instance has gone, where it knows such. */
async function makeParents(link: Link, path: string, acl: readonly ZookeeperAclEntry[]): Promise<void> {
  const make = (each: string, mode: 'container' | 'persistent') =>
    link.request(addNode({ path: each, data: Buffer.alloc(0), acl, mode }))
  const makeAll = (mode: 'container' | 'persistent') =>
    Promise.allSettled(ancestors(path).map((each) => make(each, mode)))
  const outcomes = await makeAll('container')
  const isOld = outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value === 'unknown')
  const made = isOld ? await makeAll('persistent') : outcomes
  // Whoever may not make a node at the top may still do so further down: only the last one counts.
  const last = made.at(-1)
  if (last?.status === 'fulfilled' && last.value !== 'parentless') return
  const refused = made.find((outcome) => outcome.status === 'rejected')
  if (refused !== undefined) throw refused.reason
}

/** The paths above one, from the top. */
function ancestors(path: string): readonly string[] {
  const parent = above(path)
  return parent === '/' ? [] : [...ancestors(parent), parent]
}

function checkIsPast({ path, address }: Place, { data, stat }: NodeData): void {
  const there = addressIn(data)
  if (stat.ephemeralOwner !== 0n && there === address) return
  const what = there === undefined ? 'something else' : `an instance at ${there}`
  const end = stat.ephemeralOwner === 0n ? 'stays until somebody removes it' : 'goes with its session'
  throw new ServiceError('already_exists', `${path} is there, for ${what}, and ${end}`)
}

function addressIn(data: Buffer): string | undefined {
  try {
    return instanceIn('there', data)?.address
  } catch {
    return undefined
  }
}
