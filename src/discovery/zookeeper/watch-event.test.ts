// Tests of watch-event.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'
import { readWatchEvent } from './watch-event.ts'

const read = (type: number) =>
  readWatchEvent(new JuteReader(Buffer.from(new JuteWriter().int(type).int(3).text('/a').frame().subarray(4))))

describe('what a watch tells', () => {
  it('is what happened to which node', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((type) => read(type)?.kind),
      ['created', 'deleted', 'changed', 'children'],
    )
    assert.equal(read(1)?.path, '/a')
  })

  it('is nothing when it is about the session, or unknown', () => {
    for (const type of [-1, 0, 5, 99]) assert.equal(read(type), undefined)
  })
})
