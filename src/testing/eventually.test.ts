// Tests of eventually.ts: what it waits for holds at once or after a few tries, so nothing here waits long.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'

describe('eventually', () => {
  it('gives what the check gives as soon as it does not fail', async () => {
    let tries = 0
    const found = await eventually(() => {
      if (++tries < 4) throw new Error('not yet')
      return 'here'
    })
    assert.deepEqual([found, tries], ['here', 4])
  })

  it('takes false as a failure, and nothing else', async () => {
    let tries = 0
    assert.equal(await eventually(() => ++tries > 2), true)
    for (const value of [0, '', null, undefined]) assert.equal(await eventually(() => value), value)
  })

  it('waits for checks that take time', async () => {
    let tries = 0
    assert.equal(await eventually(async () => (++tries > 2 ? tries : false)), 3)
  })

  it('gives up after the limit, with the last failure', async () => {
    const check = () => Promise.reject(new Error('still down'))
    const failed = eventually(check, 5)
    await assert.rejects(failed, { message: /not true within 5ms: still down/ })
    await assert.rejects(
      eventually(() => false, 0),
      { message: /it stayed false/ },
    )
  })

  it('says why the last try failed, whatever that threw', async () => {
    const thrown = new Error('the last one')
    let tries = 0
    const check = () => {
      throw ++tries === 1 ? new Error('the first one') : thrown
    }
    await assert.rejects(eventually(check, 150), (error) => error instanceof Error && error.cause === thrown)
    assert.ok(tries > 1)
    await assert.rejects(
      eventually(() => Promise.reject('no error'), 0),
      { message: 'not true within 0s: no error', cause: 'no error' },
    )
  })

  it('waits twice as long after each try', async () => {
    let tries = 0
    await assert.rejects(eventually(() => ++tries < 0, 30))
    // After 0, 1, 3, 7, 15 and 31 ms, or later where the machine is slow.
    assert.ok(tries <= 6, `${tries} tries`)
  })

  it('tries at least once, however short the limit', async () => {
    assert.equal(await eventually(() => 'at once', 0), 'at once')
  })

  it('gives up after the limit although a check hangs, and hears no more of it', async () => {
    const hanging = Promise.withResolvers<boolean>()
    await assert.rejects(
      eventually(() => hanging.promise, 5),
      { message: 'not true within 5ms: the check hangs' },
    )
    hanging.reject(new Error('nobody hears'))
  })

  it('keeps the process alive no longer than it waits', async () => {
    const script = `import { eventually } from ${JSON.stringify(new URL('./eventually.ts', import.meta.url))}
      console.log(await eventually(() => 'found', 3_600_000))`
    // It is killed, and the promise rejects, when it has not ended by itself.
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      timeout: 20_000,
    })
    assert.equal(stdout.trim(), 'found')
  })

  it('refuses a limit that makes no sense', async () => {
    await assert.rejects(
      eventually(() => true, -1),
      { name: 'RangeError', message: /^limitMs/ },
    )
  })
})
