// The user that etcd knows us as, and the token that it gave for the password: one for all requests, until etcd does not take it any more.
import type { Clock } from '../../core/clock.ts'
import { formatDuration } from '../../core/duration.ts'
import { ServiceError } from '../../core/errors.ts'
import { within } from '../../core/within.ts'

/** The round trip that gives a token for a name and a password. */
export type Authenticate = (name: string, password: string) => Promise<string>

const passwordLimitMs = 5_000

/** Keeps a token. */
export class Credentials {
  readonly #user: string
  readonly #password: () => string | Promise<string>
  readonly #clock: Clock
  #token: Promise<string> | undefined
  #issue = 0

  constructor(user: string, password: () => string | Promise<string>, clock: Clock) {
    this.#user = user
    this.#password = password
    this.#clock = clock
  }

  /** Which token it is that `token` gives now. */
  get issue(): number {
    return this.#issue
  }

  /** The token; empty where etcd asks nobody who he is. Rejects with a ServiceError that does not tell the password. */
  token(authenticate: Authenticate): Promise<string> {
    if (this.#token === undefined) {
      const token = this.#fresh(authenticate)
      this.#token = token
      token.catch(() => {
        if (this.#token === token) this.#token = undefined
      })
    }
    return this.#token
  }

  /** Etcd does not take the token of this issue: the next request has a new one. */
  refuse(issue: number): void {
    if (issue !== this.#issue) return
    this.#issue++
    this.#token = undefined
  }

  /** What gives it may hang, and all requests wait for one token: the next one asks again. */
  async #given(): Promise<string> {
    const given = this.#password()
    if (typeof given !== 'object') return given
    const limitMs = passwordLimitMs
    const late = () => new ServiceError('deadline_exceeded', `password was not given within ${formatDuration(limitMs)}`)
    return await within(given, { clock: this.#clock, limitMs, late, background: true })
  }

  async #fresh(authenticate: Authenticate): Promise<string> {
    const password = await this.#given()
    if (typeof password !== 'string') throw new TypeError('password must give a text')
    try {
      return await authenticate(this.#user, password)
    } catch (thrown) {
      const error = ServiceError.from(thrown)
      if (error.message.includes('authentication is not enabled')) return ''
      // What answers need not be etcd, and may send back what it was sent.
      const text = withoutSecret(error.message, password)
      // A token that is refused is fetched anew; a password is not.
      const code = error.code === 'invalid_argument' ? 'permission_denied' : error.code
      throw new ServiceError(code, `${text} (user ${JSON.stringify(this.#user)})`, { retry: error.retry })
    }
  }
}

function withoutSecret(text: string, password: string): string {
  const asJson = JSON.stringify(password).slice(1, -1)
  return password === '' ? text : text.replaceAll(asJson, '(password)').replaceAll(password, '(password)')
}
