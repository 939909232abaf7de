// describeSet: what was looked up, and what is known of it, in words: for whoever has nobody to call.
import { formatDuration } from '../core/duration.ts'
import type { Instancer } from './instancer.ts'

/** Says what was looked up, when it was last seen, and what the lookup fails with. */
export function describeSet({ name, current }: Pick<Instancer, 'name' | 'current'>, wallNow: number): string {
  const { instances, seenAt, error, failingSince } = current
  const ago = (at: number) => `${formatDuration(Math.max(0, Math.round(wallNow - at)))} ago`
  const known =
    seenAt === undefined
      ? 'which was never seen'
      : instances === undefined
        ? `which was last seen ${ago(seenAt)}, too long ago`
        : `which had ${instances.length} when it was last seen, ${ago(seenAt)}`
  const trouble = error && failingSince ? `; the lookup has failed since ${ago(failingSince)}: ${error.message}` : ''
  return `${name}, ${known}${trouble}`
}
