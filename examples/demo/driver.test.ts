import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from 'servicekit/testing/eventually'
import { Driver } from './driver.ts'
import { quantile } from './quantile.ts'

describe('Driver', () => {
  it('begins calls whether or not those before have ended, and waits for all of them in the end', async () => {
    const open: (() => void)[] = []
    const driver = new Driver({
      callsPerSecond: 1_000,
      call: () => new Promise<void>((resolve) => open.push(resolve)),
    })
    driver.start()
    await eventually(() => assert.ok(open.length >= 20), 10_000)
    assert.equal(driver.total().calls, 0)
    const stopped = driver.stop()
    // The last ones may begin until it has heard.
    await eventually(() => {
      for (const end of open) end()
      assert.equal(driver.total().calls, driver.sent)
    }, 10_000)
    await stopped
  })

  it('times each call from the moment that it was due', async () => {
    let sum = 0
    const driver = new Driver({
      callsPerSecond: 1_000,
      call: async (number) => {
        // All that become due meanwhile begin late.
        if (number === 10) for (const until = performance.now() + 50; performance.now() < until; ) sum++
      },
    })
    driver.start()
    await eventually(() => assert.ok(driver.sent > 70 && sum > 0), 10_000)
    await driver.stop()
    const { maxMs, p50Ms } = driver.total()
    assert.ok(maxMs >= 45 && p50Ms > 0, `${maxMs}`)
  })

  it('counts each call that fails, by what it failed with, and repeats none', async () => {
    const numbers: number[] = []
    const driver = new Driver({
      callsPerSecond: 1_000,
      call: (number) => {
        numbers.push(number)
        return number % 2 === 0 ? Promise.resolve() : Promise.reject(new Error('refused'))
      },
    })
    driver.start()
    await eventually(() => assert.ok(driver.sent >= 20), 10_000)
    await driver.stop()
    const { calls, failed } = driver.total()
    assert.deepEqual(numbers, [...numbers.keys()])
    assert.deepEqual([calls, failed], [driver.sent, Math.floor(driver.sent / 2)])
    assert.deepEqual([...driver.errors], [['refused', failed]])
    assert.equal(driver.recent().calls, calls)
    assert.equal(driver.recent().calls, 0)
  })

  it('goes on with other numbers at another rate', async () => {
    const numbers: number[] = []
    const driver = new Driver({ callsPerSecond: 1_000, call: async (number) => numbers.push(number) })
    driver.start()
    await eventually(() => assert.ok(driver.sent >= 5), 10_000)
    await driver.stop()
    const before = driver.sent
    driver.start(500)
    await eventually(() => assert.ok(driver.sent >= before + 5), 10_000)
    await driver.stop()
    assert.deepEqual(numbers, [...numbers.keys()])
  })
})

describe('quantile', () => {
  it('is the smallest number that a share does not exceed', () => {
    const numbers = [1, 2, 3, 4]
    assert.deepEqual(
      [0, 0.25, 0.5, 0.51, 1].map((share) => quantile(numbers, share)),
      [1, 1, 2, 3, 4],
    )
    assert.ok(Number.isNaN(quantile([], 0.5)))
  })
})
