// Tests of page-readers.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClientRegister } from './client-register.ts'
import { type Collecting, PageReaders, pageReaders } from './page-readers.ts'

describe('PageReaders', () => {
  it('are called once in one go, and again in the next', async () => {
    const readers = new PageReaders()
    let calls = 0
    readers.add(() => void calls++)
    readers.call()
    readers.call()
    assert.equal(calls, 1)
    await Promise.resolve()
    readers.call()
    assert.equal(calls, 2)
  })

  it('are called before what a metric calls itself, which gets what it knows', () => {
    const readers = new PageReaders()
    const called: unknown[] = []
    readers.add(() => called.push('reader'))
    const metric: Collecting = {
      collect() {
        called.push(this)
        return 'given'
      },
    }
    readers.askedBy(metric)
    assert.equal(metric.collect?.(), 'given')
    assert.deepEqual(called, ['reader', metric])
  })

  it('change a metric once', () => {
    const readers = new PageReaders()
    const metric: Collecting = {}
    readers.askedBy(metric)
    const { collect } = metric
    readers.askedBy(metric)
    assert.equal(metric.collect, collect)
  })
})

describe('pageReaders', () => {
  it('are the same for the same registry', () => {
    const [a, b] = [{} as ClientRegister, {} as ClientRegister]
    assert.equal(pageReaders(a), pageReaders(a))
    assert.notEqual(pageReaders(a), pageReaders(b))
  })
})
