// Handler: a platform request to a platform response, for what is not a method of a contract: /metrics, health, admin.
import type { Context } from './context.ts'

/** Answers one HTTP request in the terms of the Fetch standard, on any runtime. */
export type Handler = (request: Request, ctx: Context) => Response | Promise<Response>
