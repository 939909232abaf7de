// What etcd says in place of a reply: the errors of gRPC, as each line of its JSON gateway writes them.
import { type Code, codes } from '../../core/codes.ts'
import type { Refusal } from '../../platform/http-refusal.ts'

// In core/codes.ts they are in the order of gRPC (grpc/doc/statuscodes.md), where the first one, `canceled`, is 1.
const byNumber = Object.keys(codes) as readonly Code[]
// What clients get a new token for: see shouldRefreshToken of client/v3/retry_interceptor.go.
const needsToken = /user name is empty|invalid auth token|revision of auth store is old|auth: revision in header is old/

/** What a body or a line of a stream says; undefined where it is no error of etcd. */
export function refusalIn(said: unknown): { readonly code: Code; readonly text: string } | undefined {
  if (typeof said !== 'object' || said === null) return undefined
  const { error, message, code, grpc_code } = said as Readonly<Record<string, unknown>>
  // A stream says it in one object more.
  if (typeof error === 'object') return refusalIn(error)
  const number = code ?? grpc_code
  const text = message ?? error
  if (typeof number !== 'number' || typeof text !== 'string') return undefined
  return { code: meaningOf(text, byNumber[number - 1] ?? 'unknown'), text }
}

/** What etcd says why a watch does not go on: `rpc error: code = PermissionDenied desc = etcdserver: permission denied`. */
export function reasonOf(cancelReason: string): { readonly code: Code; readonly text: string } {
  const [, name = '', text = cancelReason] = /^rpc error: code = (\w+) desc = (.*)$/s.exec(cancelReason) ?? []
  const code = name.replaceAll(/(?<=[a-z])[A-Z]/g, '_$&').toLowerCase()
  return { code: meaningOf(text, byNumber.find((known) => known === code) ?? 'unknown'), text }
}

/** For HttpService. */
export function readRefusal(status: number, body: string): Refusal | undefined {
  // Also where what answers is no etcd.
  if (status === 404 && !body.startsWith('{'))
    return { code: 'unimplemented', hint: 'is this etcd 3.4 or later, with --enable-grpc-gateway?' }
  const refusal = refusalIn(parsed(body))
  if (refusal === undefined) return undefined
  const isOfUser = refusal.code === 'unauthenticated' || refusal.code === 'permission_denied'
  return { ...refusal, hint: isOfUser ? 'user, password' : '' }
}

function meaningOf(text: string, code: Code): Code {
  if (needsToken.test(text)) return 'unauthenticated'
  return text.includes('lease already exists') ? 'already_exists' : code
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
