// servicekit through its contract door: the one place that knows how our HTTP server is started.
import { endpoints } from 'servicekit'
import { httpServer } from 'servicekit/transport/http/server'
import { answer } from '../harness/worker.ts'
import { adder, addsvc } from './addsvc.ts'

const server = await httpServer(addsvc, endpoints(addsvc, adder)).listen({ port: 0, host: '127.0.0.1' })
answer({ url: server.url })
