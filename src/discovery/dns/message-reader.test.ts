import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MessageReader } from './message-reader.ts'

const text = (label: string): number[] => [label.length, ...Buffer.from(label, 'latin1')]

function nameAt(bytes: readonly number[], at: number): [name: string, next: number] {
  const reader = new MessageReader(Uint8Array.from(bytes))
  reader.at = at
  const name = reader.name()
  return [name, reader.at]
}

describe('MessageReader', () => {
  it('reads numbers without a sign', () => {
    const reader = new MessageReader(Uint8Array.of(0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff))
    assert.deepEqual([reader.byte(), reader.short(), reader.long()], [0xff, 0xfffe, 0xffffffff])
    assert.throws(() => reader.byte(), /ends too early/)
  })

  it('skips no further than the end', () => {
    const reader = new MessageReader(new Uint8Array(4))
    reader.skip(4)
    assert.throws(() => reader.skip(1), /ends too early/)
  })

  it('reads names in small letters, and goes on behind them', () => {
    assert.deepEqual(nameAt([...text('Foo'), ...text('BAR'), 0, 7], 0), ['foo.bar', 9])
    assert.deepEqual(nameAt([0], 0), ['.', 1])
  })

  it('follows pointers, and goes on behind the first one', () => {
    const bytes = [...text('example'), 0, ...text('b'), 0xc0, 0, ...text('a'), 0xc0, 9, 99]
    assert.deepEqual(nameAt(bytes, 13), ['a.b.example', 17])
  })

  it('writes what is no plain character as its number, so that no two names are the same text', () => {
    assert.deepEqual(nameAt([...text('a.b'), ...text('\\ \xff'), 0], 0)[0], 'a\\046b.\\092\\032\\255')
  })

  it('follows as many pointers as a name can have labels, and no more', () => {
    const chain = (pointers: number) => [
      0,
      ...Array.from({ length: pointers }, (_, at) => [0xc0, Math.max(0, 2 * at - 1)]).flat(),
    ]
    assert.deepEqual(nameAt(chain(127), 253), ['.', 255])
    assert.throws(() => nameAt([...chain(127), 0xc0, 253], 255), /leads forward or in circles/)
  })

  const hostile: [string, number[], number][] = [
    ['points to itself', [0xc0, 0], 0],
    ['points to where it began', [...text('a'), 0xc0, 0], 0],
    ['points forward', [0xc0, 2, 0], 0],
    ['points to what points to it', [0xc0, 2, 0xc0, 0], 2],
    ['points to the middle of itself', [1, 1, 0xc0, 1], 0],
    ['points to behind the end', [0xc0, 200], 0],
    ['has half a pointer', [0xc0], 0],
    ['has no end', text('abc'), 0],
    ['has a label that is longer than the message', [63, 97], 0],
    ['has a label of a kind that there is not', [0x40, ...Array(64).fill(97), 0], 0],
    ['has more than 255 octets', [...Array.from({ length: 128 }, () => text('a')).flat(), 0], 0],
  ]
  for (const [what, bytes, at] of hostile)
    it(`refuses a name that ${what}`, () => {
      assert.throws(() => nameAt(bytes, at), /^Error: (?:a name|the message)/)
    })

  it('brings every name to its end, however hostile', () => {
    const bytes = fc.array(fc.oneof(fc.constantFrom(0xc0, 0, 1, 2, 3, 63), fc.nat(255)), {
      minLength: 1,
      maxLength: 300,
    })
    fc.assert(
      fc.property(bytes, fc.nat(299), (octets, at) => {
        try {
          const [name, next] = nameAt(octets, at % octets.length)
          assert.ok(name.length <= 4 * 255 && next <= octets.length)
        } catch (thrown) {
          assert.match(String(thrown), /a name|the message ends/)
        }
      }),
      { seed: 1035, numRuns: 2_000 },
    )
  })
})
