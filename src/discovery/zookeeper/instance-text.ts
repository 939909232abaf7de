// An instance as the data of its node: a JSON object of its members, without defaults, in the words of this package.
import { checkInstance, type Instance } from '../instance.ts'
import { instanceMembers } from '../instance-members.ts'
import { foreignInstance } from './foreign-instance.ts'
import { nodeName } from './node-name.ts'

/** What is written of an instance. Throws a RangeError when it is larger than a packet may be. */
export function instanceText(instance: Instance, maxPacketBytes: number): string {
  const text = JSON.stringify(instanceMembers(checkInstance(instance)))
  const bytes = Buffer.byteLength(text)
  if (bytes + besideBytes <= maxPacketBytes) return text
  throw new RangeError(`an instance may take ${maxPacketBytes - besideBytes} bytes for zookeeper, but takes ${bytes}`)
}

// For the path of the node and its ACL.
const besideBytes = 512

/**
 * The instance that a node stands for; undefined where it says that it is out of service. Its id is that of its data when the node is named after it, and
 * otherwise the name of the node, which no other has. Throws an Error that says why for data that are none.
 */
export function instanceIn(name: string, data: Buffer): Instance | undefined {
  const text = data.toString('utf8').trim()
  if (text === '') throw new TypeError('it is empty')
  const members = text.startsWith('{') ? (JSON.parse(text) as Partial<Instance>) : { address: text }
  const foreign = foreignInstance(members)
  if (foreign === 'out of service') return undefined
  const { id, address = '', ...others } = instanceMembers(foreign ?? members)
  const isNamedAfter = typeof id === 'string' && id !== '' && nodeName(id) === name
  return checkInstance({ id: isNamedAfter ? id : name, address, ...others })
}
