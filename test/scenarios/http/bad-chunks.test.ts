import { after, before, beforeEach, describe } from 'node:test'
import { passedBy, refusedBy } from './hidden-request.ts'
import { goodBody, Victim } from './victim.ts'

let victim: Victim
before(async () => {
  victim = await Victim.start()
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

const chunked = 'POST /sum HTTP/1.1\r\nhost: victim\r\ntransfer-encoding: chunked\r\n\r\n'

const refused = (requests: Readonly<Record<string, string>>, status?: number | readonly number[]) =>
  refusedBy(() => victim, requests, status)
const passes = (requests: Readonly<Record<string, string>>) => passedBy(() => victim, requests)

describe('a chunk', () => {
  const data = goodBody
  const sized = (size: string) => `${chunked}${size}\r\n${data}\r\n0\r\n\r\n`
  const sizes = [
    '-d',
    '+d',
    '0xd',
    ' d',
    'd ',
    'd\t',
    '\td',
    'g',
    '',
    'd g',
    'd,',
    'd\0',
    '\xb2',
    'd\r',
    'd.0',
    '1e',
    '1ffffffffffffffff',
    '10000000000000000d',
    'fffffffffffffffff',
    '-1',
  ]
  refused(Object.fromEntries(sizes.map((size) => [`of size ${JSON.stringify(size)}`, sized(size)])))
  refused({
    'longer than it says': sized('c'),
    'shorter than it says': sized('e'),
    'with a bare LF behind its size': `${chunked}d\n${data}\r\n0\r\n\r\n`,
    'with a bare LF behind its data': `${chunked}d\r\n${data}\n0\r\n\r\n`,
    'with a bare CR behind its data': `${chunked}d\r\n${data}\r0\r\n\r\n`,
    'with nothing behind its data': `${chunked}d\r\n${data}0\r\n\r\n`,
    'with bare LF everywhere': `${chunked}d\n${data}\n0\n\n`,
    'with a bare LF behind the last one': `${chunked}d\r\n${data}\r\n0\n\r\n`,
    'with a bare LF at the very end': `${chunked}d\r\n${data}\r\n0\r\n\n`,
    'with a bare CR at the very end': `${chunked}d\r\n${data}\r\n0\r\n\r`,
    'with a bare LF in an extension': `${chunked}d;a\nb\r\n${data}\r\n0\r\n\r\n`,
    'with a bare LF for an extension': `${chunked}d;\n${data}\r\n0\r\n\r\n`,
    'with a bare CR in an extension': `${chunked}d;a\rb\r\n${data}\r\n0\r\n\r\n`,
    'with a NUL in an extension': `${chunked}d;a\0b\r\n${data}\r\n0\r\n\r\n`,
    'with a trailer that is none': `${chunked}d\r\n${data}\r\n0\r\nno colon\r\n\r\n`,
    'with a trailer that has a space before its colon': `${chunked}d\r\n${data}\r\n0\r\nx : y\r\n\r\n`,
    'with a length among its trailers': `${chunked}d\r\n${data}\r\n0\r\ncontent-length: 5\r\n\r\n`,
    'with a folded trailer': `${chunked}d\r\n${data}\r\n0\r\nx: y\r\n z\r\n\r\n`,
    'with a trailer that ends in a bare LF': `${chunked}d\r\n${data}\r\n0\r\nx: y\n\r\n`,
  })
  refused({ 'with twenty kilobytes of extensions': sized(`d;${'a=b;'.repeat(5_000)}`) }, [400, 413, 431])
  passes({
    'in capitals': sized('D'),
    'with zeros before its size': sized('000d'),
    'with an extension': sized('d;a=b;c="d"'),
    'with trailers': `${chunked}d\r\n${data}\r\n0\r\nx: y\r\nhost: other\r\n\r\n`,
    'of a byte each': `${chunked}${[...data].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`,
    'with many zeros in the last one': `${chunked}d\r\n${data}\r\n000000\r\n\r\n`,
  })
})
