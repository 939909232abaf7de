import { after, before, beforeEach, describe } from 'node:test'
import { passedBy, refusedBy } from './hidden-request.ts'
import { goodBody, Victim } from './victim.ts'

let victim: Victim
before(async () => {
  victim = await Victim.start()
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

const lines = (...all: readonly string[]) => all.join('\r\n')
const head = (...headers: readonly string[]) => lines('POST /sum HTTP/1.1', 'host: victim', ...headers, '', '')
const chunks = `d\r\n${goodBody}\r\n0\r\n\r\n`

const refused = (requests: Readonly<Record<string, string>>, status?: number | readonly number[]) =>
  refusedBy(() => victim, requests, status)
const passes = (requests: Readonly<Record<string, string>>) => passedBy(() => victim, requests)

describe('the length of a body', () => {
  const values = [
    '-13',
    '+13',
    '13.0',
    '1e1',
    '0xd',
    '0d13',
    '13 13',
    '13,13',
    '13, 13',
    '13;',
    '"13"',
    'thirteen',
    '',
    ' ',
    ',13',
  ]
  const more = [
    '13\0',
    '1\x0b3',
    '\x0b13',
    '\xb2',
    '1_3',
    '13a',
    '99999999999999999999',
    '18446744073709551629',
    '4294967309x',
  ]
  refused(
    Object.fromEntries(
      [...values, ...more].map((value) => [JSON.stringify(value), head(`content-length: ${value}`) + goodBody]),
    ),
  )
  refused({
    'given twice': head('content-length: 13', 'content-length: 13') + goodBody,
    'given twice, the first shorter': head('content-length: 5', 'content-length: 13') + goodBody,
    'given twice, the first longer': head('content-length: 13', 'content-length: 5') + goodBody,
    'given twice, the second 0': head('content-length: 13', 'Content-Length: 0') + goodBody,
    'beside chunks': head('content-length: 13', 'transfer-encoding: chunked') + chunks,
    'behind chunks': head('transfer-encoding: chunked', 'content-length: 13') + chunks,
    'of 0 beside chunks': head('content-length: 0', 'transfer-encoding: chunked') + chunks,
    'beside an encoding that is none': head('content-length: 13', 'transfer-encoding: x') + goodBody,
    'beside chunks in HTTP/1.0': lines(
      'POST /sum HTTP/1.0',
      'host: v',
      'content-length: 13',
      'transfer-encoding: chunked',
      '',
      chunks,
    ),
    folded: head('content-length:\r\n 13') + goodBody,
    'behind a bare CR': head('x: y\rcontent-length: 13') + goodBody,
    'behind a bare LF': head('x: y\ncontent-length: 13') + goodBody,
  })
  passes({
    'with zeros before it': head('content-length: 00013') + goodBody,
    'with spaces around it': head('content-length: \t 13 \t') + goodBody,
    'with an underscore in its name, which is another header':
      head('content-length: 13', 'content_length: 5') + goodBody,
  })
})

describe('a transfer encoding', () => {
  const values = [
    'xchunked',
    'chunkedx',
    'chunked, identity',
    'identity',
    'identity, chunked',
    'chunked, chunked',
    'chunked chunked',
  ]
  const more = [
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'chunked;q=1',
    '"chunked"',
    "'chunked'",
    'chun\tked',
    'chunked\x0b',
    '\x0bchunked',
  ]
  const odd = [
    'chunked\0',
    'chunked,',
    ',chunked',
    'chunked, ,',
    '',
    'c\u0068unke',
    '\xefchunked',
    'cow',
    'chunked\xa0',
    'chunked\x0c',
    '[chunked]',
    'x=chunked',
  ]
  const all = [...values, ...more, ...odd].map((value) => [
    JSON.stringify(value),
    head(`transfer-encoding: ${value}`) + chunks,
  ])
  // RFC 9112, 6.1: an encoding that the server does not speak may also be answered with 501.
  refused(Object.fromEntries(all), [400, 501])
  refused(
    {
      'given twice': head('transfer-encoding: chunked', 'transfer-encoding: chunked') + chunks,
      'and then identity': head('transfer-encoding: chunked', 'transfer-encoding: identity') + chunks,
      'and identity before': head('transfer-encoding: identity', 'transfer-encoding: chunked') + chunks,
      'and one that is none': head('transfer-encoding: chunked', 'transfer-encoding: cow') + chunks,
      'with a space before the colon': head('transfer-encoding : chunked') + chunks,
      'with a tab before the colon': head('transfer-encoding\t: chunked') + chunks,
      'with a space before the name': head(' transfer-encoding: chunked') + chunks,
      'with a NUL in the name': head('transfer-encoding\0: chunked') + chunks,
      folded: head('transfer-encoding:\r\n chunked') + chunks,
      'folded with a tab': head('transfer-encoding:\r\n\tchunked') + chunks,
      'folded behind its value': head('transfer-encoding: chunked\r\n , identity') + chunks,
      'behind a bare CR': head('x: y\rtransfer-encoding: chunked') + chunks,
      'behind a bare LF': head('x: y\ntransfer-encoding: chunked') + chunks,
      'in HTTP/1.0': lines('POST /sum HTTP/1.0', 'host: v', 'transfer-encoding: chunked', '', chunks),
      'in HTTP/1.0 that keeps its connection': lines(
        'POST /sum HTTP/1.0',
        'connection: keep-alive',
        'transfer-encoding: chunked',
        '',
        chunks,
      ),
    },
    [400, 501],
  )
  passes({
    'in capitals': head('Transfer-Encoding: CHUNKED') + chunks,
    'with spaces around it': head('transfer-encoding:   chunked  ') + chunks,
    'with an underscore in its name, which is another header':
      head('content-length: 13', 'transfer_encoding: chunked') + goodBody,
  })
})

describe('an end of a line', () => {
  const good = lines('POST /sum HTTP/1.1', 'host: victim', 'content-length: 13', '', goodBody)
  refused({
    'a bare LF everywhere': good.replaceAll('\r\n', '\n'),
    'a bare CR everywhere': good.replaceAll('\r\n', '\r'),
    'a bare LF behind the first line': good.replace('\r\n', '\n'),
    'a bare CR behind the first line': good.replace('\r\n', '\r'),
    'a bare LF behind a header': good.replace('victim\r\n', 'victim\n'),
    'a bare CR behind a header': good.replace('victim\r\n', 'victim\r'),
    'a bare LF before the body': good.replace('\r\n\r\n', '\r\n\n'),
    'two bare LF before the body': good.replace('\r\n\r\n', '\n\n'),
    'LF and CR': good.replaceAll('\r\n', '\n\r'),
    'CR twice': good.replace('\r\n', '\r\r\n'),
    'CR, space, LF': good.replace('victim\r\n', 'victim\r \n'),
    'a NUL between CR and LF': good.replace('victim\r\n', 'victim\r\0\n'),
  })
  passes({ 'an empty line before the first': `\r\n${good}`, 'two empty lines before the first': `\r\n\r\n${good}` })
})

describe('a first line', () => {
  const line = (first: string) => lines(first, 'host: victim', 'content-length: 13', '', goodBody)
  const versions = [
    'HTTP/1.2',
    'HTTP/1.9',
    'HTTP/1.',
    'HTTP/1',
    'HTTP/.1',
    'HTTP/1.10',
    'HTTP/01.1',
    'HTTP/1.1x',
    'HTTP/ 1.1',
    'HTTP /1.1',
  ]
  const others = [
    'HTTP/0.9',
    'HTTP/2.0',
    'HTTP/2',
    'HTTP/3.0',
    'HTTP/-1.1',
    'HTTP/9.9',
    'http/1.1',
    'HTTP1.1',
    'HTTQ/1.1',
    'ICE/1.0',
    'HTTP/1.1 x',
    'HTTP/1,1',
  ]
  refused(
    Object.fromEntries([...versions, ...others].map((version) => [`version ${version}`, line(`POST /sum ${version}`)])),
    [400, 505],
  )
  refused({
    'no version (HTTP/0.9)': 'GET /cars/x\r\n',
    'no version and headers': line('POST /sum'),
    'no target': line('POST HTTP/1.1'),
    'nothing but a verb': line('POST'),
    'two targets': line('POST /sum /sum HTTP/1.1'),
    'a space before it': line(' POST /sum HTTP/1.1'),
    'a space behind it': line('POST /sum HTTP/1.1 '),
    'tabs for spaces': line('POST\t/sum\tHTTP/1.1'),
    'a vertical tab for a space': line('POST\x0b/sum HTTP/1.1'),
    'a bare CR for a space': line('POST /sum\rHTTP/1.1'),
    'a NUL before it': line('\0POST /sum HTTP/1.1'),
    'a byte order mark before it': line('\xef\xbb\xbfPOST /sum HTTP/1.1'),
    'a reply': 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    'a header': 'host: victim\r\n\r\n',
  })
})
