import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Verdict } from '../core/codes.ts'
import { rootContext } from '../core/context.ts'
import { allHealthy } from './all-healthy.ts'
import { type InstanceHealth, refusedTicket } from './instance-health.ts'

const ctx = rootContext()

/** A health that says what it is told to, and notes what it hears. */
class Told implements InstanceHealth {
  healthy = true
  ticket = 0
  text: string | undefined
  readonly heard: unknown[] = []
  disposed = 0
  #listener: () => void = () => {}

  onChange(listener: () => void): void {
    this.#listener = listener
  }

  become(healthy: boolean): void {
    this.healthy = healthy
    this.#listener()
  }

  begin(now: number): number {
    this.heard.push(`begin at ${now}`)
    return this.ticket
  }

  end(ticket: number, verdict: Verdict, tookMs: number, now: number): void {
    this.heard.push(`end ${ticket} ${verdict} ${tookMs} ${now}`)
  }

  describe(): string | undefined {
    return this.text
  }

  [Symbol.dispose](): void {
    this.disposed++
    if (this.text === 'throws') throw new Error(this.text)
  }
}

/** A health that has nothing to say of calls. */
const silent = (): InstanceHealth => ({ healthy: true, onChange() {}, [Symbol.dispose]() {} })

describe('allHealthy', () => {
  it('is healthy while all are, and tells each change once', () => {
    const [one, other] = [new Told(), new Told()]
    const health = allHealthy(one, silent(), other)
    const changes: boolean[] = []
    health.onChange(() => changes.push(health.healthy))
    assert.equal(health.healthy, true)
    one.become(false)
    other.become(false)
    one.become(true)
    assert.equal(health.healthy, false)
    other.become(true)
    assert.deepEqual(changes, [false, true])
    assert.equal(allHealthy().healthy, true)
  })

  it('begins and ends a call with each, and gives each its own ticket', () => {
    const [one, other] = [new Told(), new Told()]
    const health = allHealthy(one, silent(), other)
    one.ticket = 7
    other.ticket = 8
    const first = health.begin?.(1, ctx) as number
    one.ticket = 9
    const second = health.begin?.(2, ctx) as number
    assert.ok(first !== second && first !== refusedTicket && second !== refusedTicket)
    health.end?.(first, 'success', 10, 11, ctx)
    health.end?.(second, 'failure', 20, 22, ctx)
    assert.deepEqual(one.heard, ['begin at 1', 'begin at 2', 'end 7 success 10 11', 'end 9 failure 20 22'])
    assert.deepEqual(other.heard, ['begin at 1', 'begin at 2', 'end 8 success 10 11', 'end 8 failure 20 22'])
  })

  it('refuses what one of them refuses, and tells those that let it in', () => {
    const [one, other, last] = [new Told(), new Told(), new Told()]
    const health = allHealthy(one, other, last)
    one.ticket = 3
    other.ticket = refusedTicket
    assert.equal(health.begin?.(5, ctx), refusedTicket)
    assert.deepEqual(one.heard, ['begin at 5', 'end 3 ignored 0 5'])
    assert.deepEqual([other.heard, last.heard], [['begin at 5'], []])
  })

  it('uses tickets again', () => {
    const health = allHealthy(new Told(), new Told())
    const tickets = new Set<number>()
    for (let n = 0; n < 100; n++) {
      const some = [1, 2, 3].map((now) => health.begin?.(now, ctx) as number)
      for (const ticket of some) tickets.add(ticket)
      for (const ticket of some) health.end?.(ticket, 'success', 1, 1, ctx)
    }
    assert.equal(tickets.size, 3)
  })

  it('joins what they say', () => {
    const [one, other] = [new Told(), new Told()]
    const health = allHealthy(one, silent(), other)
    assert.equal(health.describe?.(), undefined)
    one.text = 'circuit open'
    assert.equal(health.describe?.(), 'circuit open')
    other.text = 'check failed once'
    assert.equal(health.describe?.(), 'circuit open, check failed once')
  })

  it('disposes all, although one throws', () => {
    const [one, other] = [new Told(), new Told()]
    one.text = 'throws'
    assert.throws(() => allHealthy(one, other)[Symbol.dispose](), /throws/)
    assert.deepEqual([one.disposed, other.disposed], [1, 1])
  })
})
