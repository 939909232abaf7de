// DnsResolver: from a name to its records, over several servers, attempts, aliases and both protocols.
import type { Clock } from '../../core/clock.ts'
import { errorOf } from '../../core/error-of.ts'
import { type Answer, answerCodes } from './answer.ts'
import type { DnsServer } from './dns-server.ts'
import { isDomainName } from './domain-name.ts'
import { exchange } from './exchange.ts'
import { type QueryType, query } from './query.ts'
import type { ResourceRecord } from './resource-record.ts'

/** How names are resolved. */
export interface ResolverOptions {
  /** Looked at for each question: those of the system may change. */
  readonly servers: () => readonly DnsServer[]
  readonly protocol: 'udp' | 'tcp'
  readonly timeoutMs: number
  readonly tries: number
  readonly clock: Clock
}

/** What is known of a name. */
export interface Resolution<Type extends QueryType = QueryType> {
  /** None where the name has none, or does not exist. */
  readonly records: readonly Extract<ResourceRecord, { readonly type: Type }>[]
  /** What the server said beside that, of other names. */
  readonly additional: readonly ResourceRecord[]
  /** How long this may be kept, in milliseconds: as long as all that it follows from. */
  readonly ttlMs: number
}

const mostAliases = 8
const codeNames: Readonly<Record<number, string>> = { 1: 'FORMERR', 2: 'SERVFAIL', 4: 'NOTIMP', 5: 'REFUSED' }
// RFC 6891, 7: what those say who do not know of the extension.
const knowsNoExtension = [1, 4]

/** Asks one server after the other until one knows; the one that did is the first to be asked next time. */
export class DnsResolver {
  readonly #options: ResolverOptions
  #best = ''

  constructor(options: ResolverOptions) {
    this.#options = options
  }

  /** Rejects with an Error that says what each server did, or with the reason of the signal. */
  async resolve<Type extends QueryType>(name: string, type: Type, signal: AbortSignal): Promise<Resolution<Type>> {
    let [current, ttlMs] = [name, Infinity]
    for (let left = mostAliases; left > 0; left--) {
      const answer = await this.#ask(current, type, signal)
      const path = follow(current, answer.answers)
      const records = answer.answers.filter((record) => record.type === type && record.name === path.name)
      const isKnown = records.length > 0 || path.name === current || isNegative(answer)
      const kept = records.length > 0 ? smallest(records) : isKnown ? negativeTtlMs(answer) : Infinity
      ttlMs = Math.min(ttlMs, path.ttlMs, kept)
      // The filter above has kept this type only, which the compiler does not see through a type parameter.
      if (isKnown) return { records, additional: answer.additional, ttlMs } as unknown as Resolution<Type>
      // A server that does not resolve for others says only where the alias leads.
      current = path.name
      if (!isDomainName(current)) throw new Error(`${name} ${type}: an alias leads to what is no name of a host`)
    }
    throw new Error(`${name} ${type}: an alias leads to an alias ${mostAliases} times`)
  }

  async #ask(name: string, type: QueryType, signal: AbortSignal): Promise<Answer> {
    const servers = this.#options.servers()
    if (servers.length === 0) throw new Error('there is no DNS server to ask')
    const inOrder = servers.toSorted(
      (one, other) => Number(other.text === this.#best) - Number(one.text === this.#best),
    )
    const failures = new Map<string, string>()
    for (let left = this.#options.tries; left > 0; left--)
      for (const server of inOrder) {
        try {
          const answer = await this.#askOne(server, name, type, signal)
          this.#best = server.text
          return answer
        } catch (thrown) {
          signal.throwIfAborted()
          failures.set(server.text, errorOf(thrown).message)
        }
      }
    const said = Array.from(failures, ([server, failure]) => `${server}: ${failure}`)
    throw new Error(`${name} ${type}: ${said.join('; ')}`)
  }

  /** Gives what says something of the name, and throws for everything else. */
  async #askOne(server: DnsServer, name: string, type: QueryType, signal: AbortSignal): Promise<Answer> {
    const { protocol, timeoutMs, clock } = this.#options
    const ask = (by: 'udp' | 'tcp', isExtended: boolean) =>
      exchange(server, query(name, type, isExtended), { protocol: by, timeoutMs, clock, signal })
    let isExtended = true
    let answer = await ask(protocol, isExtended)
    if (knowsNoExtension.includes(answer.code)) {
      isExtended = false
      answer = await ask(protocol, isExtended)
    }
    if (answer.isTruncated && protocol === 'udp') answer = await ask('tcp', isExtended)
    if (answer.isTruncated) throw new Error('the answer does not fit into a message')
    const { code } = answer
    if (code !== answerCodes.success && code !== answerCodes.noSuchName)
      throw new Error(codeNames[code] ?? `it answered with code ${code}`)
    if (isReferral(answer)) throw new Error('it only refers to other servers')
    return answer
  }
}

/** From alias to alias, as far as this answer leads. */
function follow(name: string, records: readonly ResourceRecord[]): { readonly name: string; readonly ttlMs: number } {
  let [current, ttlMs] = [name, Infinity]
  for (let left = mostAliases; left > 0; left--) {
    const alias = records.find((record) => record.type === 'CNAME' && record.name === current)
    if (alias?.type !== 'CNAME') return { name: current, ttlMs }
    current = alias.target
    ttlMs = Math.min(ttlMs, alias.ttlMs)
  }
  throw new Error(`${name}: an alias leads to an alias ${mostAliases} times`)
}

function smallest(records: readonly ResourceRecord[]): number {
  return records.reduce((least, { ttlMs }) => Math.min(least, ttlMs), Infinity)
}

/** Says that there is nothing, and knows it. */
function isNegative({ code, authority }: Answer): boolean {
  return code === answerCodes.noSuchName || authority.some(({ type }) => type === 'SOA')
}

/** RFC 2308, 2.2: a server that is not asked for its own names, and asks nobody, names those who know. That is not to say there is nothing. */
function isReferral({ code, isAuthoritative, answers, authority }: Answer): boolean {
  if (code !== answerCodes.success || isAuthoritative || answers.length > 0) return false
  return authority.some(({ type }) => type === 'NS') && !authority.some(({ type }) => type === 'SOA')
}

/** RFC 2308, 5: the smaller one of what the SOA record says and its own; nothing is kept without one. */
function negativeTtlMs({ authority }: Answer): number {
  const soa = authority.find((record) => record.type === 'SOA')
  return soa?.type === 'SOA' ? Math.min(soa.ttlMs, soa.minimumMs) : 0
}
