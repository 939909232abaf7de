// ZookeeperRefusal: what a server answers in place of a result, by the codes of ZooKeeper's KeeperException.
import type { Code } from '../../core/codes.ts'
import { ServiceError } from '../../core/errors.ts'

/** The codes that are more than a failure to somebody here. */
export const refusals = {
  unimplemented: -6,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  nodeExists: -110,
} as const

/** A server answered, and said no. */
export class ZookeeperRefusal extends ServiceError {
  /** ZooKeeper's own code. */
  readonly refusal: number

  /** `what` is what was asked, as in `create /services/a`. */
  constructor(refusal: number, what: string) {
    const [code, text] = meanings[refusal] ?? ['unknown', 'it failed']
    super(code, `${what}: ${text} (${refusal})`)
    this.refusal = refusal
  }
}

const meanings: Readonly<Record<number, readonly [code: Code, text: string]>> = {
  [-1]: ['internal', 'the server has a fault'],
  [-2]: ['internal', 'the server found that it contradicts itself'],
  [-3]: ['data_loss', 'the server found that its data contradict themselves'],
  [-4]: ['unavailable', 'the server lost its connection'],
  [-5]: ['internal', 'the server could not read the request'],
  [refusals.unimplemented]: ['unimplemented', 'the server does not know this request'],
  [-7]: ['deadline_exceeded', 'the server took too long'],
  [-8]: ['invalid_argument', 'the server does not take these arguments'],
  [refusals.noNode]: ['not_found', 'there is no such node'],
  [refusals.noAuth]: ['permission_denied', 'the ACL of the node does not allow it (user, password)'],
  [refusals.badVersion]: ['aborted', 'somebody else has changed the node'],
  [-108]: ['failed_precondition', 'the node above is ephemeral, and has no others below'],
  [refusals.nodeExists]: ['already_exists', 'the node is there already'],
  [-111]: ['failed_precondition', 'the node has others below'],
  [-112]: ['unavailable', 'the session has expired'],
  [-114]: ['invalid_argument', 'the server does not take this ACL'],
  [-115]: ['unauthenticated', 'the server does not take this user and password'],
  [-118]: ['unavailable', 'the session has moved to another server'],
  [-119]: ['unavailable', 'the server is read-only, as it has lost its quorum'],
  [-122]: ['deadline_exceeded', 'the request took too long'],
  [-124]: ['unauthenticated', 'the server wants clients to authenticate by SASL, which is not done here'],
  [-125]: ['resource_exhausted', 'a quota is used up'],
  [-127]: ['resource_exhausted', 'the server has too much to do'],
}
