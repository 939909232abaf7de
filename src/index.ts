// The front door: the core, and nothing else. What only adapters (client) or whole programs need (duration, lifecycle, streams) has
// doors of its own.
export { type CallOptions, callOptions } from './core/call-options.ts'
export type { Call, Client, Wire } from './core/client.ts'
export {
  type Abortable,
  type Clock,
  type ScheduleOptions,
  sleepOn,
  systemClock,
  type Task,
  type Timer,
} from './core/clock.ts'
export { type Code, type CodeMeaning, codes, isCode, type Retry, type Verdict } from './core/codes.ts'
export { type CancelableContext, type Context, type RootContextOptions, rootContext } from './core/context.ts'
export {
  type ContextKey,
  contextKey,
  type LocalKeyOptions,
  type Scope,
  type Values,
  type WireKeyOptions,
} from './core/context-key.ts'
export {
  bidiStream,
  type Contract,
  type ContractOptions,
  clientStream,
  contract,
  type HandlerOf,
  type Handlers,
  type Method,
  type MethodOptions,
  type Methods,
  serverStream,
  unary,
} from './core/contract.ts'
export { chain, type Endpoint, type Middleware, type Tap, type TypedMiddleware, tap } from './core/endpoint.ts'
export {
  type Endpoints,
  type EndpointsOptions,
  endpoints,
  type MethodMiddleware,
  type Served,
} from './core/endpoints.ts'
export { type ErrorBody, ServiceError, type ServiceErrorOptions } from './core/errors.ts'
export type { Handler } from './core/handler.ts'
export type { IdleLimits } from './core/idle.ts'
export {
  attempt,
  type Criticality,
  criticality,
  type Inbound,
  inbound,
  type Reply,
  reply,
  requestId,
  traceContext,
} from './core/inbound.ts'
export { type MessageSizes, messageSizes } from './core/message-sizes.ts'
export { headerNames, type Metadata, metadataLimits, type TraceContext } from './core/metadata.ts'
export type { Kind, MethodInfo } from './core/method.ts'
export type { ClientOptions, Line } from './core/open-call.ts'
export { type Classify, classify, type EndedCall, type Outcome, outcomeOf, outcomeOfError } from './core/outcome.ts'
export type { Pipeline, PipelineUse } from './core/pipeline.ts'
export type { HttpRoute, HttpRoutes } from './core/routes.ts'
export { type Input, type Misfit, type Output, type Schema, validate } from './core/schema.ts'
export { watchSizes } from './core/watch-sizes.ts'
