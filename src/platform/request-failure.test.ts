// Tests of request-failure.ts: the table, row by row, with errors as the platforms throw them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errors } from 'undici'
import { ServiceError } from '../core/errors.ts'
import {
  ConnectTimeout,
  clientClosed,
  headersTimeout,
  type RequestStage,
  replyTooLarge,
  requestFailure,
} from './request-failure.ts'

const coded = (code: string, message = 'it failed') => Object.assign(new Error(message), { code })
const wrapped = (cause: unknown) => new TypeError('fetch failed', { cause })
const several = (...found: Error[]) =>
  Object.assign(new AggregateError(found), { code: (found[0] as { code?: string }).code })

describe('requestFailure', () => {
  const rows: readonly (readonly [
    thrown: unknown,
    stage: RequestStage,
    code: string,
    retry: string,
    message: RegExp,
  ])[] = [
    [coded('ECONNREFUSED'), 'unsent', 'unavailable', 'safe', /^could not connect to http:\/\/a: connection refused$/],
    [wrapped(coded('ECONNREFUSED')), 'sent', 'unavailable', 'safe', /connection refused/],
    [several(coded('ECONNREFUSED'), coded('ECONNREFUSED')), 'unsent', 'unavailable', 'safe', /connection refused/],
    [coded('ConnectionRefused'), 'sent', 'unavailable', 'safe', /connection refused/],
    [
      new ConnectTimeout(2_000),
      'unsent',
      'unavailable',
      'safe',
      /^could not connect to http:\/\/a: it took longer than 2s$/,
    ],
    [new errors.ConnectTimeoutError(), 'sent', 'unavailable', 'safe', /it took too long/],
    [coded('ENOTFOUND'), 'unsent', 'unavailable', 'safe', /name is not known/],
    [coded('EAI_AGAIN'), 'unsent', 'unavailable', 'safe', /name server/],
    [coded('EHOSTUNREACH'), 'unsent', 'unavailable', 'safe', /host is unreachable/],
    [coded('ENETUNREACH'), 'unsent', 'unavailable', 'safe', /network is unreachable/],
    [coded('EHOSTUNREACH'), 'sent', 'unavailable', 'if_idempotent', /was lost before it replied/],
    [coded('CERT_HAS_EXPIRED'), 'unsent', 'unavailable', 'safe', /expired/],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'unsent', 'unavailable', 'safe', /another host/],
    [wrapped(coded('SELF_SIGNED_CERT_IN_CHAIN')), 'sent', 'unavailable', 'safe', /tls\.ca/],
    [coded('EPROTO', 'bad handshake'), 'unsent', 'unavailable', 'safe', /no TLS connection .*EPROTO.*bad handshake/],
    [coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'sent', 'unavailable', 'safe', /tls\.cert/],
    [coded('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'), 'sent', 'unavailable', 'if_idempotent', /no TLS/],
    [coded('ECONNRESET'), 'unsent', 'unavailable', 'safe', /closed the connection before it was ready/],
    [coded('ECONNRESET'), 'sent', 'unavailable', 'if_idempotent', /lost before it replied \(ECONNRESET\)/],
    [new errors.SocketError('other side closed'), 'sent', 'unavailable', 'if_idempotent', /lost before it replied/],
    [new errors.SocketError('other side closed'), 'unsent', 'unavailable', 'safe', /before the request was written/],
    [
      new errors.SocketError('other side closed'),
      'replying',
      'unavailable',
      'if_idempotent',
      /reply of http:\/\/a broke off/,
    ],
    [new errors.ResponseContentLengthMismatchError(), 'replying', 'unavailable', 'if_idempotent', /broke off/],
    [new errors.HTTPParserError('Invalid EOF state'), 'replying', 'unavailable', 'if_idempotent', /broke off/],
    [
      new errors.HTTPParserError('Expected HTTP/'),
      'sent',
      'internal',
      'if_idempotent',
      /not HTTP\/1\.1: Expected HTTP/,
    ],
    [new errors.SocketError('bad response'), 'sent', 'internal', 'if_idempotent', /not HTTP/],
    [
      new errors.HeadersOverflowError(),
      'sent',
      'internal',
      'if_idempotent',
      /headers of the reply of http:\/\/a are too large/,
    ],
    [
      new errors.InvalidArgumentError('invalid x header'),
      'unsent',
      'internal',
      'never',
      /cannot be sent: invalid x header/,
    ],
    [new Error('a bug'), 'sent', 'internal', 'never', /^internal error$/],
    ['a string', 'sent', 'internal', 'never', /^internal error$/],
  ]
  for (const [thrown, stage, code, retry, message] of rows) {
    it(`says ${code}, ${retry} of ${thrown} when ${stage}`, () => {
      const error = requestFailure('http://a', thrown, stage)
      assert.deepEqual([error.code, error.retry, error.cause], [code, retry, thrown])
      assert.match(error.message, message)
    })
  }

  it('leaves a ServiceError as it is', () => {
    const error = new ServiceError('not_found')
    assert.equal(requestFailure('http://a', error, 'sent'), error)
  })

  it('gives up on causes that lead to themselves', () => {
    const error = new Error('round')
    error.cause = error
    assert.equal(requestFailure('http://a', error, 'sent').code, 'internal')
  })
})

describe('what a requester says itself', () => {
  it('is safe to repeat only when nothing was sent', () => {
    const late = (stage: RequestStage) => headersTimeout('http://a', 1_500, stage)
    assert.deepEqual([late('unsent').retry, late('sent').retry], ['safe', 'if_idempotent'])
    assert.deepEqual(
      [late('sent').code, late('sent').message],
      ['deadline_exceeded', 'http://a sent no reply within 1.5s'],
    )
    assert.deepEqual([replyTooLarge('http://a', 5).code, replyTooLarge('http://a', 5).retry], ['internal', 'never'])
    assert.deepEqual([clientClosed().code, clientClosed().message], ['canceled', 'the client was closed'])
  })
})
