// What bytes that are no HTTP request get: an answer, where it cannot be taken for that of another request, and no second chance.
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Code } from '../../core/codes.ts'
import { ServiceError } from '../../core/errors.ts'
import type { NodeConnection } from './node-connection.ts'
import { problemOf, problemType } from './problem.ts'

/** What the parser, or the watch over slow callers, says of a request. */
export interface BrokenRequest extends Error {
  readonly code?: string
  /** The last bytes that came. */
  readonly rawPacket?: Uint8Array
}

interface Answer {
  readonly status: number
  readonly reason: string
  readonly code: Code
  readonly text: string
}

const answers = {
  tooLongUrl: { status: 414, reason: 'URI Too Long', code: 'invalid_argument', text: 'the URL is too long' },
  tooManyBytes: {
    status: 431,
    reason: 'Request Header Fields Too Large',
    code: 'invalid_argument',
    text: 'the headers are too large',
  },
  tooLongLine: {
    status: 400,
    reason: 'Bad Request',
    code: 'invalid_argument',
    text: 'a line of the request is too long',
  },
  tooSlow: {
    status: 408,
    reason: 'Request Timeout',
    code: 'deadline_exceeded',
    text: 'the headers did not come in time',
  },
  broken: { status: 400, reason: 'Bad Request', code: 'invalid_argument', text: 'this is not an HTTP/1.1 request' },
} as const satisfies Readonly<Record<string, Answer>>

/**
 * Answers and closes the connection. Where replies are still to come on it, those of good requests come first, and nothing is
 * said of what is behind them: the caller would take one for the other.
 */
export function answerBrokenRequest(
  error: BrokenRequest,
  socket: Socket,
  connection: NodeConnection,
  maxUrlChars: number,
): void {
  // It has its last reply, or will have: more of what is no request changes nothing.
  if (connection.closing) return
  const { status, reason, code, text } = answerTo(error, maxUrlChars)
  const refusal = new ServiceError(code, text)
  if (connection.waiting > 0) {
    connection.breakOff({ status, error: refusal })
    return
  }
  const { _httpMessage: replying } = socket as Socket & { readonly _httpMessage?: ServerResponse | null }
  connection.closing = true
  if (replying || socket.writableLength > 0) {
    connection.finish()
    return
  }
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = problemOf(refusal, status).text
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  // Ended first and then destroyed: whoever sends without end does not keep the connection.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function answerTo({ code, rawPacket }: BrokenRequest, maxUrlChars: number): Answer {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return answers.tooSlow
  if (code !== 'HPE_HEADER_OVERFLOW') return answers.broken
  const line = firstLineOf(rawPacket ?? new Uint8Array())
  if (/^[A-Z]+ /.test(line)) return line.length > maxUrlChars ? answers.tooLongUrl : answers.tooManyBytes
  // The packet begins and ends within a line, of which nobody knows any more how it began.
  return line.length === rawPacket?.length ? answers.tooLongLine : answers.tooManyBytes
}

function firstLineOf(packet: Uint8Array): string {
  const end = packet.indexOf(0x0a)
  return Buffer.from(end < 0 ? packet : packet.subarray(0, end)).toString('latin1')
}
