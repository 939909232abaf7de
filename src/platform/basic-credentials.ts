// User and password as HTTP's Basic scheme wants them (RFC 7617), for services that know a token or these.

/** What an adapter's options say of who asks. */
export interface CredentialOptions {
  readonly token?: unknown
  readonly user?: string | undefined
  readonly password?: string | undefined
}

/** What stands behind `Basic` in the header; undefined where no user is given. Throws a TypeError, without the values: they are secrets. */
export function basicCredentials({ token, user, password }: CredentialOptions): string | undefined {
  if (token !== undefined && user !== undefined) throw new TypeError('token and user cannot both be given')
  if ((user === undefined) !== (password === undefined)) throw new TypeError('user and password must be given together')
  if (user === undefined) return undefined
  if (typeof user !== 'string' || typeof password !== 'string' || user.includes(':'))
    throw new TypeError('user and password must be texts, the user without a colon')
  return Buffer.from(`${user}:${password}`).toString('base64')
}
