// Tests of gauge-value.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GaugeValue } from './gauge-value.ts'

function scene(signAdds = true) {
  const lines: string[] = []
  const gauge = new GaugeValue({ before: 'level:', after: '|g\n', extraBytes: 0 }, signAdds, {
    write: (line) => void lines.push(line),
  })
  const written = (again = false) => {
    gauge.write(again)
    return lines.splice(0)
  }
  return { gauge, written }
}

describe('GaugeValue', () => {
  it('is a line when it was set, with its last value', () => {
    const { gauge, written } = scene()
    assert.deepEqual(written(), [])
    gauge.set(3)
    gauge.set(5)
    assert.deepEqual(written(), ['level:5|g\n'])
    assert.deepEqual(written(), [])
    gauge.set(5)
    assert.deepEqual(written(), ['level:5|g\n'])
  })

  it('keeps its value when it is sent', () => {
    const { gauge, written } = scene()
    gauge.set(5)
    written()
    gauge.add(1)
    assert.deepEqual(written(), ['level:6|g\n'])
    gauge.add(-4)
    assert.deepEqual(written(), ['level:2|g\n'])
  })

  it('is set to zero first when it is below, in the same text', () => {
    const { gauge, written } = scene()
    gauge.set(-2)
    assert.deepEqual(written(), ['level:0|g\nlevel:-2|g\n'])
    gauge.set(-0)
    assert.deepEqual(written(), ['level:0|g\n'])
  })

  it('is a plain line where a sign does not add', () => {
    const { gauge, written } = scene(false)
    gauge.set(-2)
    assert.deepEqual(written(), ['level:-2|g\n'])
  })

  it('is sent again when it is told to, unless nobody ever set it', () => {
    const { gauge, written } = scene()
    assert.deepEqual(written(true), [])
    gauge.set(0)
    assert.deepEqual(written(), ['level:0|g\n'])
    assert.deepEqual(written(true), ['level:0|g\n'])
    assert.deepEqual(written(), [])
  })

  it('sends nothing that is no finite number, and adds none', () => {
    const { gauge, written } = scene()
    gauge.set(1)
    for (const amount of [NaN, Infinity, -Infinity]) gauge.add(amount)
    assert.deepEqual(written(), ['level:1|g\n'])
    for (const value of [NaN, Infinity, -Infinity]) {
      gauge.set(value)
      assert.deepEqual(written(), [])
    }
    gauge.set(2)
    assert.deepEqual(written(), ['level:2|g\n'])
  })

  it('takes texts and bigints for the numbers that they say', () => {
    const { gauge, written } = scene()
    for (const value of ['5', 5n] as unknown as number[]) {
      gauge.set(value)
      gauge.add(1)
      assert.deepEqual(written(), ['level:6|g\n'])
    }
    gauge.set('x' as never)
    assert.deepEqual(written(), [])
  })
})
