// Who may do what with the nodes that are made here.
import type { JuteWriter } from './jute-writer.ts'

/** One who may do something with a node. */
export interface ZookeeperAclEntry {
  /** How it is known: `world`, `auth`, `digest`, `ip`, `x509`. */
  readonly scheme: string
  /** Who it is by that scheme: `anyone` for `world`, nobody for `auth`, which is whoever made the node. */
  readonly id: string
  /** Letters of `cdrwa`: create, delete, read, write, administer. */
  readonly permissions: string
}

/** The bits of the letters (ZooDefs.Perms). */
const bits: Readonly<Record<string, number>> = { r: 1, w: 2, c: 4, d: 8, a: 16 }

/** Everybody may do everything. */
export const worldAcl: readonly ZookeeperAclEntry[] = [{ scheme: 'world', id: 'anyone', permissions: 'cdrwa' }]

/** Whoever has the user and the password that made the node may do everything, and others nothing. */
export const creatorAcl: readonly ZookeeperAclEntry[] = [{ scheme: 'auth', id: '', permissions: 'cdrwa' }]

/** Throws a TypeError for what is no list of entries. */
export function checkedAcl(acl: readonly ZookeeperAclEntry[], hasAuth: boolean): readonly ZookeeperAclEntry[] {
  if (!Array.isArray(acl) || acl.length === 0 || !acl.every(isEntry))
    throw new TypeError('acl must be a list of { scheme, id, permissions }, with permissions of the letters cdrwa')
  if (!hasAuth && acl.some(({ scheme }) => scheme === 'auth'))
    throw new TypeError('acl must not have the scheme auth without the options user and password')
  return acl
}

/** Writes a `vector<ACL>` of zookeeper.jute. */
export function writeAcl(writer: JuteWriter, acl: readonly ZookeeperAclEntry[]): void {
  writer.int(acl.length)
  for (const { scheme, id, permissions } of acl) {
    const all = [...permissions].reduce((sum, letter) => sum | (bits[letter] as number), 0)
    writer.int(all).text(scheme).text(id)
  }
}

function isEntry(entry: Partial<ZookeeperAclEntry> | null): boolean {
  const { scheme, id, permissions } = entry ?? {}
  return (
    typeof scheme === 'string' &&
    scheme !== '' &&
    typeof id === 'string' &&
    typeof permissions === 'string' &&
    /^[cdrwa]+$/.test(permissions)
  )
}
