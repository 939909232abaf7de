// Which port of a slice is called.
import { ServiceError } from '../../core/errors.ts'
import type { SlicePort } from './endpoint-slice.ts'

/**
 * The number of the wanted port: by its name, by its number, or the only one; undefined where no endpoint of the slice has the number that is wanted, which in the
 * middle of a roll-out others may. Throws a ServiceError where the slice does not say which: all others of the service do not say it either.
 */
export function portIn(ports: readonly SlicePort[], wanted: string | number | undefined): number | undefined {
  const streams = ports.filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP')
  // "A slice that is used for other purposes may have an empty ports list", and a port without a number stands for all.
  const isAny = ports.length === 0 || streams.some(({ port }) => port == null)
  if (typeof wanted === 'number') return isAny || streams.some(({ port }) => port === wanted) ? wanted : undefined
  const found = wanted === undefined ? streams : streams.filter(({ name }) => (name ?? '') === wanted)
  const [only] = found
  if (found.length === 1 && only?.port != null) return only.port
  const has = `it has ${streams.length === 0 ? 'none by TCP' : streams.map(shown).join(', ')}`
  if (isAny) throw new ServiceError('failed_precondition', `give the number of a port: ${has}`)
  if (wanted === undefined)
    throw new ServiceError('failed_precondition', `say which port by its name or number: ${has}`)
  throw new ServiceError('failed_precondition', `there is no port ${JSON.stringify(wanted)}: ${has}`)
}

const shown = ({ name, port }: SlicePort): string => `${name || 'one without a name'} (${port ?? 'any'})`
