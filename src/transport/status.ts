// The one table of what each code is called on other wires: HTTP, gRPC, JSON-RPC and Thrift.
import { type Code, codes } from '../core/codes.ts'

/** What one code is called. */
export interface WireStatus {
  /** Status of an HTTP response (RFC 9110; 499 is nginx's for a client that went away). */
  readonly http: number
  /** Status code of gRPC (grpc/doc/statuscodes.md). */
  readonly grpc: number
  /** Code of a JSON-RPC 2.0 error: the standard's own where there is one, else from the range it leaves to servers. */
  readonly jsonRpc: number
  /** Type of a Thrift TApplicationException (0 unknown, 1 unknown method, 6 internal error, 7 protocol error). */
  readonly thrift: number
}

/** By code. HTTP statuses are those that google.rpc.Code documents, but `canceled`, which it leaves to nginx's 499 too. */
export const statuses: Readonly<Record<Code, WireStatus>> = {
  canceled: { http: 499, grpc: 1, jsonRpc: -32001, thrift: 0 },
  unknown: { http: 500, grpc: 2, jsonRpc: -32002, thrift: 0 },
  invalid_argument: { http: 400, grpc: 3, jsonRpc: -32602, thrift: 7 },
  deadline_exceeded: { http: 504, grpc: 4, jsonRpc: -32004, thrift: 0 },
  not_found: { http: 404, grpc: 5, jsonRpc: -32005, thrift: 0 },
  already_exists: { http: 409, grpc: 6, jsonRpc: -32006, thrift: 0 },
  permission_denied: { http: 403, grpc: 7, jsonRpc: -32007, thrift: 0 },
  resource_exhausted: { http: 429, grpc: 8, jsonRpc: -32008, thrift: 0 },
  failed_precondition: { http: 400, grpc: 9, jsonRpc: -32009, thrift: 0 },
  aborted: { http: 409, grpc: 10, jsonRpc: -32010, thrift: 0 },
  out_of_range: { http: 400, grpc: 11, jsonRpc: -32011, thrift: 0 },
  unimplemented: { http: 501, grpc: 12, jsonRpc: -32601, thrift: 1 },
  internal: { http: 500, grpc: 13, jsonRpc: -32603, thrift: 6 },
  unavailable: { http: 503, grpc: 14, jsonRpc: -32014, thrift: 0 },
  data_loss: { http: 500, grpc: 15, jsonRpc: -32015, thrift: 0 },
  unauthenticated: { http: 401, grpc: 16, jsonRpc: -32016, thrift: 0 },
}

// What a bare HTTP status means when a foreign server or a proxy sent it without a code.
const codesOfHttp: Readonly<Record<number, Code>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  405: 'unimplemented',
  408: 'deadline_exceeded',
  409: 'aborted',
  412: 'failed_precondition',
  413: 'invalid_argument',
  415: 'invalid_argument',
  416: 'out_of_range',
  422: 'invalid_argument',
  425: 'unavailable',
  429: 'resource_exhausted',
  499: 'canceled',
  500: 'internal',
  501: 'unimplemented',
  502: 'unavailable',
  503: 'unavailable',
  504: 'deadline_exceeded',
}

/** The code for the status of a foreign HTTP error: other 4xx are the caller's fault, anything else is `unknown`. */
export function codeOfHttp(status: number): Code {
  return codesOfHttp[status] ?? (status >= 400 && status <= 499 ? 'invalid_argument' : 'unknown')
}

const codesOfGrpc = new Map((Object.keys(codes) as Code[]).map((code) => [statuses[code].grpc, code]))

/** The code for a gRPC status; `unknown` for numbers that gRPC does not define. 0 is not an error and has no code. */
export function codeOfGrpc(status: number): Code {
  return codesOfGrpc.get(status) ?? 'unknown'
}
