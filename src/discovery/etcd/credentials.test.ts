import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../../core/errors.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { Credentials } from './credentials.ts'

const secret = 'a "b" c'
const asked: string[] = []
const clock = manualClock()
const given = async (name: string, password: string) => `${asked.push(`${name} ${password}`)}`

describe('Credentials', () => {
  it('asks once for all, and again when the token is refused, once for all who used it', async () => {
    asked.length = 0
    const credentials = new Credentials('app', () => secret, clock)
    const { issue } = credentials
    assert.deepEqual(await Promise.all([1, 2].map(() => credentials.token(given))), ['1', '1'])
    assert.equal(await credentials.token(given), '1')
    for (let users = 0; users < 3; users++) credentials.refuse(issue)
    assert.equal(await credentials.token(given), '2')
    credentials.refuse(issue)
    assert.equal(await credentials.token(given), '2')
    assert.deepEqual(asked, [`app ${secret}`, `app ${secret}`])
  })

  it('asks for the password each time', async () => {
    const passwords = ['one', 'two']
    const credentials = new Credentials('app', async () => passwords.shift() ?? '', clock)
    const echo = async (_: string, password: string) => password
    assert.equal(await credentials.token(echo), 'one')
    credentials.refuse(credentials.issue)
    assert.equal(await credentials.token(echo), 'two')
    const odd = new Credentials('app', () => 7 as never, clock)
    await assert.rejects(odd.token(echo), { message: 'password must give a text' })
  })

  it('gives up a password that is not given, and asks for it again', async () => {
    const passwords = [new Promise<string>(() => {}), 'two']
    const credentials = new Credentials('app', () => passwords.shift() ?? '', clock)
    const failing = assert.rejects(credentials.token(given), {
      code: 'deadline_exceeded',
      message: 'password was not given within 5s',
    })
    await clock.advance(5_000)
    await failing
    assert.match(await credentials.token(given), /^\d+$/)
    assert.equal(asked.at(-1), 'app two')
    assert.equal(clock.pending, 0)
  })

  it('has none where etcd asks nobody who he is', async () => {
    const credentials = new Credentials('app', () => secret, clock)
    const open = () =>
      Promise.reject(new ServiceError('failed_precondition', 'etcdserver: authentication is not enabled'))
    assert.equal(await credentials.token(open), '')
  })

  it('tells why there is none, and never the password, and tries again', async () => {
    const credentials = new Credentials('app', () => secret, clock)
    const echo = () =>
      Promise.reject(new ServiceError('invalid_argument', `no: ${secret} in ${JSON.stringify({ secret })}`))
    await assert.rejects(credentials.token(echo), {
      code: 'permission_denied',
      message: 'no: (password) in {"secret":"(password)"} (user "app")',
    })
    const away = () => Promise.reject(new ServiceError('unavailable', 'away', { retry: 'safe' }))
    await assert.rejects(credentials.token(away), { code: 'unavailable', retry: 'safe' })
    assert.match(await credentials.token(given), /^\d+$/)
  })
})
