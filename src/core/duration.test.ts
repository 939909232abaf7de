// Tests of duration.ts: what it prints is what Go prints.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Duration, formatDuration } from './duration.ts'

// The first part is the table of Go's own test (time/time_test.go, durationTests).
const table: readonly (readonly [ms: number, text: string])[] = [
  [0, '0s'],
  [1e-6, '1ns'],
  [0.0011, '1.1µs'],
  [2.2, '2.2ms'],
  [3300, '3.3s'],
  [245_000, '4m5s'],
  [245_001, '4m5.001s'],
  [18_367_001, '5h6m7.001s'],
  [480_000.000001, '8m0.000000001s'],
  [999e-6, '999ns'],
  [0.001, '1µs'],
  [0.002455, '2.455µs'],
  [0.999999, '999.999µs'],
  [1, '1ms'],
  [1.5, '1.5ms'],
  [999.999999, '999.999999ms'],
  [1000, '1s'],
  [1500, '1.5s'],
  [10_000, '10s'],
  [60_000, '1m0s'],
  [90_500, '1m30.5s'],
  [3_600_000, '1h0m0s'],
  [86_400_000, '24h0m0s'],
  [100 * 3_600_000, '100h0m0s'],
]

/** What Go's `Duration.String` does, in whole nanoseconds. */
function asGoPrints(nanos: bigint): string {
  if (nanos < 0n) return `-${asGoPrints(-nanos)}`
  if (nanos === 0n) return '0s'
  const decimal = (value: bigint, digits: number): string => {
    const text = value.toString().padStart(digits + 1, '0')
    return `${text.slice(0, text.length - digits)}.${text.slice(text.length - digits)}`.replace(/\.?0+$/, '')
  }
  const whole = (value: bigint, digits: number) => (digits === 0 ? value.toString() : decimal(value, digits))
  if (nanos < 1_000n) return `${nanos}ns`
  if (nanos < 1_000_000n) return `${whole(nanos, 3)}µs`
  if (nanos < 1_000_000_000n) return `${whole(nanos, 6)}ms`
  const minute = 60_000_000_000n
  const seconds =
    nanos % minute < 1_000_000_000n ? `0${decimal(nanos % minute, 9).slice(1)}` : decimal(nanos % minute, 9)
  if (nanos < minute) return `${seconds}s`
  const minutes = nanos / minute
  return minutes < 60n ? `${minutes}m${seconds}s` : `${minutes / 60n}h${minutes % 60n}m${seconds}s`
}

const unitNanos: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  µs: 1_000n,
  ns: 1n,
}

/** What Go's `ParseDuration` does. */
function parsed(text: string): bigint {
  let nanos = 0n
  for (const [, whole = '', part = '', unit = ''] of text.matchAll(/(\d+)(?:\.(\d+))?(h|ms|m|s|µs|ns)/g)) {
    const size = unitNanos[unit] ?? 0n
    nanos += BigInt(whole) * size + (BigInt(part || 0) * size) / 10n ** BigInt(part.length)
  }
  return text.startsWith('-') ? -nanos : nanos
}

describe('formatDuration', () => {
  it('prints what Go prints', () => {
    for (const [ms, text] of table) assert.equal(formatDuration(ms), text)
  })

  it('prints negative ones with one sign in front', () => {
    for (const [ms, text] of table.slice(1)) assert.equal(formatDuration(-ms), `-${text}`)
  })

  it('rounds to whole nanoseconds, and into the next unit where that is full', () => {
    assert.equal(formatDuration(0.0000004), '0s')
    assert.equal(formatDuration(-0.0000004), '0s')
    assert.equal(formatDuration(-0), '0s')
    assert.equal(formatDuration(0.0000006), '1ns')
    assert.equal(formatDuration(0.0009999999), '1µs')
    assert.equal(formatDuration(999.9999999), '1s')
    assert.equal(formatDuration(59_999.9999999), '1m0s')
    assert.equal(formatDuration(3_599_999.9999999), '1h0m0s')
  })

  it('prints years to the millisecond', () => {
    assert.equal(formatDuration(1e12 + 1), '277777h46m40.001s')
    assert.equal(formatDuration(Number.MAX_SAFE_INTEGER), '2501999792h59m0.991s')
  })

  it('has words for what Go cannot hold', () => {
    assert.equal(formatDuration(Number.NaN), 'NaN')
    assert.equal(formatDuration(Infinity), '+Inf')
    assert.equal(formatDuration(-Infinity), '-Inf')
    assert.match(formatDuration(Number.MAX_VALUE), /^[\d.e+]+h\d+m[\d.]+s$/)
  })

  it('agrees with Go for every whole number of nanoseconds', () => {
    // Up to 52 days, so that dividing by a million and back gives the same whole number.
    const nanos = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      fc.maxSafeNat().map((n) => n % 2 ** 52),
    )
    fc.assert(
      fc.property(nanos, (n) => {
        const text = formatDuration(n / 1e6)
        assert.equal(text, asGoPrints(BigInt(n)))
        assert.equal(parsed(text), BigInt(n))
      }),
    )
  })

  it('agrees with Go for round values of every unit', () => {
    const round = fc.tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom(1e-6, 1e-5, 1e-3, 0.1, 1, 1e3, 6e4, 3.6e6))
    fc.assert(
      fc.property(round, ([count, ms]) => {
        const nanos = BigInt(Math.round(count * ms * 1e6))
        assert.equal(formatDuration(count * ms), asGoPrints(nanos))
        assert.equal(formatDuration(-count * ms), asGoPrints(-nanos))
      }),
    )
  })
})

describe('Duration', () => {
  it('prints itself in text and in JSON, and counts as its milliseconds', () => {
    const duration = new Duration(1500)
    assert.equal(`took ${duration}`, 'took 1.5s')
    assert.equal(JSON.stringify({ took: duration }), '{"took":"1.5s"}')
    assert.equal(duration.ms, 1500)
    assert.ok(duration > new Duration(1499) && +duration === 1500)
  })
})
