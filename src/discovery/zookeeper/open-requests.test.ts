// Tests of open-requests.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../../core/errors.ts'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'
import { OpenRequests } from './open-requests.ts'
import { getChildren, setData } from './operation.ts'

const nothing = new JuteReader(Buffer.alloc(0))
const names = () => {
  const writer = new JuteWriter().int(1).text('n').long(0n).long(0n).long(0n).long(0n).int(0).int(0).int(0)
  return new JuteReader(Buffer.from(writer.long(0n).int(0).int(0).long(0n).frame().subarray(4)))
}

describe('open requests', () => {
  it('are numbered from one, and each has its own reply', async () => {
    const requests = new OpenRequests(1_024)
    const sent: string[] = []
    const ask = (path: string) =>
      requests.ask(getChildren(path, true), (frame) => sent.push(Buffer.from(frame).toString('hex')))
    const [one, other, last] = [ask('/a'), ask('/b'), ask('/c')]
    assert.deepEqual(
      sent.map((hex) => hex.slice(8, 24)),
      ['000000010000000c', '000000020000000c', '000000030000000c'],
    )
    assert.equal(requests.answer(1, 0, names()), undefined)
    assert.equal(requests.answer(2, -101, nothing), undefined)
    assert.equal(requests.answer(3, -102, nothing)?.code, 'permission_denied')
    assert.deepEqual([await one, await other, requests.count], [['n'], undefined, 0])
    await assert.rejects(last, { message: /^getChildren \/c: the ACL/ })
  })

  it('are answered in their order, and only once', async () => {
    const requests = new OpenRequests(1_024)
    const both = [requests.ask(getChildren('/a', true), () => {}), requests.ask(getChildren('/b', true), () => {})]
    assert.throws(() => requests.answer(2, 0, names()), { message: 'it answered 2, but 1 was asked' })
    requests.answer(1, 0, names())
    assert.throws(() => requests.answer(1, 0, names()), { message: 'it answered 1, but 2 was asked' })
    assert.throws(() => requests.answer(2, 0, nothing), { message: 'the packet ends too early' })
    requests.fail(new ServiceError('unavailable', 'it is over'))
    assert.deepEqual(await both[0], ['n'])
    await assert.rejects(both[1] as Promise<unknown>, { message: 'it is over' })
    assert.throws(() => requests.answer(2, 0, names()), { message: 'it answered 2, but nothing was asked' })
  })

  it('are not sent when they are too large', async () => {
    const requests = new OpenRequests(1_024)
    const sent: unknown[] = []
    const asking = requests.ask(setData('/a', Buffer.alloc(1_100)), (frame) => sent.push(frame))
    await assert.rejects(asking, {
      code: 'invalid_argument',
      message: 'setData /a has 1122 bytes, but maxPacketBytes is 1024',
    })
    assert.deepEqual([sent.length, requests.count], [0, 0])
  })
})
