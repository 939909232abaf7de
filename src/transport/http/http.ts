// HTTP as a wire that `serve` is given: where to listen and how, without what is served.
import type { RunningServer, ServerTransport, Service } from '../server-transport.ts'
import { httpHandler } from './handler.ts'
import { type HttpServerOptions, httpServer, type ListenOptions } from './server.ts'

/** Where and how a service is served over HTTP. */
export interface HttpOptions extends ListenOptions, Omit<HttpServerOptions, 'onError' | 'onLateReply'> {}

/** Serves over HTTP and JSON. Options are looked at when it is given a service. */
export function http(options?: HttpOptions): ServerTransport {
  const listener = ({ methods, handlers, onError, onLateReply }: Service) =>
    httpServer({
      ...options,
      onError,
      onLateReply,
      mount: [methods, ...handlers.map(({ path, handler }) => httpHandler(path, handler)), ...(options?.mount ?? [])],
    })
  return {
    name: 'http',
    takesHandlers: true,
    check: (service) => void listener(service),
    listen: (service): Promise<RunningServer> => listener(service).listen(options),
  }
}
