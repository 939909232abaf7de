// Tests of serve.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { rootContext } from '../core/context.ts'
import { contract, unary } from '../core/contract.ts'
import { chain, type Middleware, type TypedMiddleware } from '../core/endpoint.ts'
import { registrarFrom } from '../discovery/registrar.ts'
import { health } from '../health/health.ts'
import type { LogRecord } from '../log/log-record.ts'
import { logger } from '../log/logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { registry } from '../metrics/registry.ts'
import { bulkhead } from '../resilience/bulkhead.ts'
import { recorder } from '../testing/recorder.ts'
import { httpClient } from '../transport/http/client.ts'
import { httpHandler } from '../transport/http/handler.ts'
import { http } from '../transport/http/http.ts'
import type { RunningServer, ServerTransport } from '../transport/server-transport.ts'
import { type ServeOptions, serve } from './serve.ts'

const shop = contract('shop', { price: unary({ input: z.object({ item: z.string() }), output: z.number() }) })
const handlers = { price: ({ item }: { item: string }) => item.length }

/** Metrics with a page, as a technology gives them. */
function paged(): Metrics & ReturnType<typeof registry> {
  const metrics = registry()
  const page = () =>
    new Response(
      metrics
        .collect()
        .map(({ spec }) => spec.name)
        .join('\n'),
    )
  return Object.assign(metrics, { handler: page })
}

function local(options?: Parameters<typeof http>[0]): ServerTransport {
  return http({ host: '127.0.0.1', ...options })
}

/** A transport that listens nowhere, and says what became of it. */
function quiet(name: string, tell: (what: string) => void, error?: Error): ServerTransport {
  const running: RunningServer = {
    url: `${name}://`,
    stats: { inFlight: 0, served: 0, refused: 0, expired: 0, late: 0, draining: false },
    close: async () => tell(`${name} closed`),
    [Symbol.asyncDispose]: async () => {},
  }
  return {
    name,
    takesHandlers: false,
    check: () => {},
    listen: async () => {
      tell(`${name} listens`)
      if (error !== undefined) throw error
      return running
    },
  }
}

describe('serve', () => {
  it('serves, measures, logs, and shows the metrics on the same port', async () => {
    const records: LogRecord[] = []
    const metrics = paged()
    const log = logger({ write: (record) => void records.push(record) })
    const app = await serve(shop, handlers, { over: [local()], logger: log, metrics })
    await using client = httpClient(shop, { baseUrl: app.url })
    assert.equal(await client.price({ item: 'tea' }), 3)
    await assert.rejects(client.price({ item: 3 } as never), { code: 'invalid_argument' })
    assert.equal(app.metricsUrl, `${app.url}/metrics`)
    assert.match(await (await fetch(app.metricsUrl ?? '')).text(), /^rpc\.server\.calls$/m)
    await app.close()
    const codes = records.map(({ message, fields }) => [message, fields?.['code']])
    assert.deepEqual(codes, [
      ['listening', undefined],
      ['showing metrics', undefined],
      ['showing health', undefined],
      ['served shop/price ok', 'ok'],
      ['served shop/price invalid_argument', 'invalid_argument'],
      ['closing', undefined],
      ['draining', undefined],
      ['closed', undefined],
    ])
    const sizes = metrics.collect().find(({ spec }) => spec.name === 'rpc.server.request.size')
    assert.equal(sizes?.kind === 'histogram' && sizes.series[0]?.sum, '{"item":"tea"}'.length + '{"item":3}'.length)
  })

  it('logs a request that no middleware sees', async () => {
    const records: LogRecord[] = []
    const log = logger({ write: (record) => void records.push(record) })
    await using app = await serve(shop, handlers, { over: [local()], logger: log })
    const reply = await fetch(`${app.url}/price`, { method: 'POST', body: '{' })
    assert.equal(reply.status, 400)
    assert.deepEqual(
      records.map(({ message, fields }) => [message, fields?.['code']]),
      [
        ['listening', undefined],
        ['showing health', undefined],
        ['request not read', 'invalid_argument'],
      ],
    )
  })

  it('logs a fault in what is mounted beside the contract, and the faults of its methods where there is no call log', async () => {
    const records: LogRecord[] = []
    const log = logger({ write: (record) => void records.push(record) })
    const fault = () => {
      throw new RangeError('out of tea')
    }
    const over = [local({ mount: [httpHandler('/boom', fault)] })]
    await using app = await serve(shop, { price: fault }, { over, logger: log, callLog: false })
    await (await fetch(`${app.url}/boom`)).text()
    await (await fetch(`${app.url}/price`, { method: 'POST', body: '{"item":"tea"}' })).text()
    await (await fetch(`${app.url}/price`, { method: 'POST', body: '{"item":3}' })).text()
    assert.deepEqual(
      records.slice(2).map(({ level, message, fields }) => [level, message, fields?.['method'], fields?.['error']]),
      [
        ['error', 'call failed', 'http/* /boom', 'RangeError: out of tea'],
        ['error', 'call failed', 'shop/price', 'RangeError: out of tea'],
      ],
    )
  })

  it('counts requests that lead nowhere', async () => {
    const metrics = registry()
    await using app = await serve(shop, handlers, { over: [local()], metrics })
    await (await fetch(`${app.url}/nowhere`)).text()
    await (await fetch(`${app.url}/price`)).text()
    const refused = metrics.collect().find(({ spec }) => spec.name === 'rpc.server.refused_calls')
    assert.equal(refused?.kind === 'counter' && refused.series[0]?.value, 2)
  })

  it('shows the metrics on a port of their own, and there alone', async () => {
    const options = { pagesPort: 0, pagesHost: '127.0.0.1', metricsPath: '/vars' } as const
    await using app = await serve(shop, handlers, { over: [local()], metrics: paged(), ...options })
    assert.notEqual(app.metricsUrl, `${app.url}/vars`)
    assert.equal((await fetch(app.metricsUrl ?? '')).status, 200)
    assert.equal((await fetch(`${app.url}/vars`)).status, 404)
    assert.equal(app.servers.length, 1)
  })

  it('has no page without a handler, without a path, or where no transport takes handlers', async () => {
    const record = recorder<string>()
    const without: ServeOptions<typeof shop.methods>[] = [
      { over: [local()], metrics: registry() },
      { over: [local()], metrics: paged(), metricsPath: false },
      { over: [quiet('queue', record)], metrics: paged() },
    ]
    for (const options of without) {
      await using app = await serve(shop, handlers, options)
      assert.equal(app.metricsUrl, undefined)
    }
    const none = { over: [local()], health: false, pagesPort: 0 } as const
    await assert.rejects(serve(shop, handlers, none), /pagesPort needs a page, and there is none/)
    await assert.rejects(serve(shop, handlers, { over: [local()], metrics: paged(), pagesPort: 70_000 }), {
      name: 'RangeError',
      message: 'pagesPort must be an integer from 0 to 65535, but is 70000',
    })
  })

  it('closes what listens already when a transport cannot', async () => {
    const record = recorder<string>()
    const broken = new Error('no such queue')
    const over = [quiet('a', record), quiet('b', record), quiet('c', record, broken)]
    await assert.rejects(serve(shop, handlers, { over }), broken)
    assert.deepEqual(record.events.slice(0, 3), ['a listens', 'b listens', 'c listens'])
    assert.deepEqual(record.events.slice(3).sort(), ['a closed', 'b closed'])
  })

  it('refuses options before anything listens', async () => {
    const record = recorder<string>()
    const over = [quiet('a', record), local({ maxBodyBytes: -1 })]
    await assert.rejects(serve(shop, handlers, { over }), /maxBodyBytes/)
    await assert.rejects(serve(shop, handlers, { over: [] }), /over must list at least one transport/)
    await assert.rejects(serve(shop, {} as never, { over: [local()] }), /handler of method price is missing/)
    const metrics = registry()
    metrics.gauge({ name: 'rpc.server.late_replies' })
    await assert.rejects(serve(shop, handlers, { over: [quiet('a', record)], metrics }), /is there already as a gauge/)
    assert.deepEqual(record.events, [])
  })

  it('flushes metrics and log behind the last call, once', async () => {
    const record = recorder<string>()
    const sink = { write() {}, flush: async () => record('log flushed') }
    const metrics = Object.assign(registry(), { flush: async () => record('metrics flushed') })
    const app = await serve(shop, handlers, { over: [quiet('a', record)], logger: logger(sink), metrics })
    await Promise.all([app.close(), app.close(), app[Symbol.asyncDispose]()])
    await app.closed
    assert.deepEqual(record.events, ['a listens', 'a closed', 'metrics flushed', 'log flushed'])
  })

  it('flushes the log whatever fails to close before, and tells of that failure', async () => {
    const record = recorder<string>()
    const broken = new Error('no such queue')
    const over = [
      {
        ...quiet('a', record),
        listen: async () => ({
          ...(await quiet('a', record).listen({} as never)),
          close: () => Promise.reject(broken),
        }),
      },
    ]
    const metrics = Object.assign(registry(), { flush: () => Promise.reject(new Error('gone')) })
    const app = await serve(shop, handlers, {
      over,
      metrics,
      logger: logger({ write() {}, flush: async () => record('log flushed') }),
    })
    await assert.rejects(app.close(), broken)
    assert.deepEqual(record.events, ['a listens', 'log flushed'])
  })

  it('flushes the log also when the metrics throw where they should reject', async () => {
    const record = recorder<string>()
    const broken = new Error('gone')
    const throws = () => {
      throw broken
    }
    const log = logger({ write() {}, flush: async () => record('log flushed') })
    const metrics = Object.assign(registry(), { flush: throws })
    const app = await serve(shop, handlers, { over: [quiet('a', () => {})], metrics, logger: log })
    await assert.rejects(app.close(), broken)
    assert.deepEqual(record.events, ['log flushed'])
  })

  it('measures with the buckets that it is given', async () => {
    const metrics = registry()
    await using _ = await serve(shop, handlers, {
      over: [local()],
      metrics,
      measure: { buckets: [1, 2], sizes: false },
    })
    assert.throws(
      () =>
        metrics.histogram({
          name: 'rpc.server.call.duration',
          unit: 'seconds',
          labels: ['rpc.method', 'rpc.response.status_code'],
        }),
      /buckets 1 2/,
    )
  })

  it('has validation, use and the middleware of methods as endpoints() has them', async () => {
    const seen: string[] = []
    const used: Middleware = (next) => (request, ctx) => {
      seen.push('use')
      return next(request, ctx)
    }
    const own: TypedMiddleware<{ item: string }, number> = (next) => (request, ctx) => {
      seen.push(request.item)
      return next(request, ctx)
    }
    await using app = await serve(shop, handlers, {
      over: [local()],
      use: [used],
      methods: { price: [own] },
    })
    await using client = httpClient(shop, { baseUrl: app.url })
    assert.equal(await client.price({ item: 'coffee' }), 6)
    assert.deepEqual(seen, ['use', 'coffee'])
  })
})

describe('the health of serve', () => {
  const status = async (url: string | undefined) => (await fetch(url ?? '')).status

  it('is shown on the first transport that takes handlers, and is ready once all listen', async () => {
    let whileListening: Promise<number> | undefined
    const first = local({ port: 0 })
    let url = ''
    const noting: ServerTransport = {
      ...first,
      listen: async (service) => {
        const running = await first.listen(service)
        url = running.url
        return running
      },
    }
    const second = quiet('queue', () => {
      whileListening ??= status(`${url}/readyz`)
    })
    const slow: ServerTransport = {
      ...second,
      listen: async (service) => {
        const running = await second.listen(service)
        await whileListening
        return running
      },
    }
    await using app = await serve(shop, handlers, { over: [noting, slow] })
    assert.equal(await whileListening, 503)
    assert.deepEqual([app.livenessUrl, app.readinessUrl], [`${app.url}/livez`, `${app.url}/readyz`])
    assert.deepEqual([await status(app.livenessUrl), await status(app.readinessUrl)], [200, 200])
    app.health?.setReady(false, 'maintenance')
    assert.deepEqual([await status(app.livenessUrl), await status(app.readinessUrl)], [200, 503])
  })

  it('depends on the checks that it is given, at the paths that it is given', async () => {
    const records: LogRecord[] = []
    const log = logger({ write: (record) => void records.push(record) })
    const checks = { db: () => Promise.reject(new Error('no db')) }
    const paths = { livenessPath: false, readinessPath: '/up', healthDetails: true } as const
    await using app = await serve(shop, handlers, { over: [local()], health: { checks }, ...paths, logger: log })
    const response = await fetch(app.readinessUrl ?? '')
    assert.deepEqual([response.status, app.livenessUrl], [503, undefined])
    assert.match(await response.text(), /no db/)
    assert.equal(await status(`${app.url}/livez`), 404)
    assert.ok(records.some(({ message, fields }) => message === 'health check failed' && fields?.['check'] === 'db'))
  })

  it('may belong to others, or be switched off', async () => {
    const own = health()
    const app = await serve(shop, handlers, { over: [local()], health: own })
    assert.equal(app.health, own)
    assert.equal(own.isReady, true)
    await app.close()
    assert.equal(own.snapshot().reason, 'shutting down')
    await using without = await serve(shop, handlers, { over: [local()], health: false })
    assert.deepEqual([without.health, without.livenessUrl], [undefined, undefined])
    assert.equal(await status(`${without.url}/livez`), 404)
  })

  it('is on the port of the pages alone where they have one, with metrics or without', async () => {
    for (const metrics of [paged(), undefined]) {
      const options = { metrics, pagesPort: 0, pagesHost: '127.0.0.1' }
      await using app = await serve(shop, handlers, { over: [local()], ...options })
      assert.equal(await status(app.readinessUrl), 200)
      assert.equal(await status(app.livenessUrl), 200)
      assert.equal(await status(`${app.url}/readyz`), 404)
      assert.equal(app.metricsUrl === undefined, metrics === undefined)
    }
  })

  it('leaves the paths of methods and of others alone, and says what to do', async () => {
    const definition = { input: z.object({}), output: z.string(), http: { method: 'GET', path: '/livez' } } as const
    const taken = contract('taken', { alive: unary(definition) })
    const answers = { alive: () => 'mine' }
    const refused = /method alive has the path \/livez of health; set livenessPath/
    await assert.rejects(serve(taken, answers, { over: [local()] }), refused)
    await using app = await serve(taken, answers, { over: [local()], livenessPath: '/alive' })
    assert.equal(await (await fetch(`${app.url}/livez`)).json(), 'mine')
    const mount = [httpHandler('/readyz', () => new Response('mine'))]
    await assert.rejects(serve(shop, handlers, { over: [local({ mount })] }), /\/readyz; set livenessPath/)
    await using other = await serve(shop, handlers, { over: [local({ mount })], readinessPath: false })
    assert.equal(await (await fetch(`${other.url}/readyz`)).text(), 'mine')
  })
})

describe('the registrations of serve', () => {
  it('begin when every transport listens, and end before calls are refused', async () => {
    const record = recorder<string>()
    const registrar = registrarFrom('shelf', async (service, { id, address }) => {
      record(`${service} at ${address === id ? address : id}`)
      return { withdraw: async () => record('withdrawn') }
    })
    const over = [quiet('a', record), quiet('b', record)]
    const options = { over, register: registrar, advertise: 'shop.internal:80', propagationMs: 1 }
    const app = await serve(shop, handlers, options)
    const [registration] = app.registrations
    await registration?.registered
    assert.equal(app.registrations.length, 1)
    await app.close()
    const [, , , withdrawn, ...closed] = record.events
    assert.deepEqual(record.events.slice(0, 3), ['a listens', 'b listens', 'shop at shop.internal:80'])
    assert.deepEqual([withdrawn, closed.sort()], ['withdrawn', ['a closed', 'b closed']])
  })

  it('are made for what the first transport is bound to', async () => {
    const registrar = registrarFrom('shelf', async () => ({ withdraw: async () => {} }))
    const options = { register: [registrar, registrar], propagationMs: 0 }
    await using app = await serve(shop, handlers, { over: [local()], advertise: { zone: 'a' }, ...options })
    const address = new URL(app.url).host
    for (const { instance } of app.registrations) assert.deepEqual(instance, { zone: 'a', id: address, address })
    assert.equal(app.registrations.length, 2)
  })

  it('are refused with options that make no sense, and nothing goes on listening', async () => {
    const record = recorder<string>()
    const register = registrarFrom('shelf', async () => ({ withdraw: async () => {} }))
    const refused = (options: object, message: RegExp) =>
      assert.rejects(serve(shop, handlers, { over: [quiet('a', record)], ...options } as never), message)
    await refused({ register, advertise: 'nowhere:0' }, /address must be host:port/)
    await refused({ register: {} }, /register must be a registrar/)
    await refused({ propagationMs: -1 }, /propagationMs must be a number from 0/)
    assert.deepEqual(record.events, [])
    await refused({ register }, /advertise must say at which host:port/)
    assert.deepEqual(record.events, ['a listens', 'a closed'])
  })
})

describe('the pipeline of serve', () => {
  const over = () => [local()]

  it('is on by default, and shows what it is set to and what it does', async () => {
    await using app = await serve(shop, handlers, { over: over() })
    await using client = httpClient(shop, { baseUrl: app.url })
    await client.price({ item: 'tea' })
    const snapshot = app.pipeline?.snapshot() ?? {}
    assert.deepEqual(Object.keys(snapshot), ['loadShed', 'bulkhead'])
    const { limit, admitted, inFlight } = app.pipeline?.policies.bulkhead?.snapshot() ?? {}
    assert.deepEqual({ limit, admitted, inFlight }, { limit: 1_000, admitted: 1, inFlight: 0 })
    assert.doesNotThrow(() => JSON.stringify(snapshot))
  })

  it('is made of the options that it is given, of policies of your own, or of none', async () => {
    const own = bulkhead({ limit: 7 })
    const pipeline = { bulkhead: own, rateLimit: { perSecond: 5 }, loadShed: false } as const
    await using app = await serve(shop, handlers, { over: over(), pipeline })
    assert.deepEqual(Object.keys(app.pipeline?.snapshot() ?? {}), ['rateLimit', 'bulkhead'])
    assert.equal(app.pipeline?.policies.bulkhead, own)
    await using without = await serve(shop, handlers, { over: over(), pipeline: false })
    assert.equal(without.pipeline, undefined)
    await using client = httpClient(shop, { baseUrl: without.url })
    assert.equal(await client.price({ item: 'tea' }), 3)
  })

  it('refuses options before anything listens', async () => {
    const record = recorder<string>()
    const asked = serve(shop, handlers, { over: [quiet('a', record)], pipeline: { bulkhead: { limit: 0 } } })
    await assert.rejects(asked, /limit must be an integer from 1/)
    assert.deepEqual(record.events, [])
  })

  it('stands before what the service uses, and within what observes: refused calls are counted', async () => {
    const metrics = registry()
    const used: string[] = []
    const use: Middleware = (next) => (request, ctx) => {
      used.push(ctx.method.name)
      return next(request, ctx)
    }
    const pipeline = { rateLimit: { perSecond: 0, burst: 1 } }
    await using app = await serve(shop, handlers, { over: over(), metrics, pipeline, use: [use] })
    await using client = httpClient(shop, { baseUrl: app.url })
    assert.equal(await client.price({ item: 'tea' }), 3)
    const refused = { code: 'resource_exhausted', message: 'the rate limit is reached', retry: 'safe' }
    await assert.rejects(client.price({ item: 'tea' }), refused)
    assert.deepEqual(used, ['price'])
    const counted = metrics
      .collect()
      .flatMap(({ kind, spec, series }) =>
        kind === 'counter' ? series.map((each) => [spec.name, ...each.values]) : [],
      )
    assert.deepEqual(
      counted.filter(([, ...labels]) => labels.includes('resource_exhausted') || labels.includes('rate_limit')),
      [
        ['rpc.server.calls', 'shop/price', 'resource_exhausted'],
        ['rpc.server.policy_refusals', 'shop/price', 'rate_limit'],
      ],
    )
  })

  it('can be changed while the service runs', async () => {
    const pipeline = { rateLimit: { perSecond: 0, burst: 0 } }
    await using app = await serve(shop, handlers, { over: over(), pipeline })
    await using client = httpClient(shop, { baseUrl: app.url })
    await assert.rejects(client.price({ item: 'tea' }), { code: 'resource_exhausted' })
    app.pipeline?.policies.rateLimit?.change({ perSecond: Infinity })
    assert.equal(await client.price({ item: 'tea' }), 3)
  })

  it('measures the event loop until the service is closed', async () => {
    const app = await serve(shop, handlers, { over: [quiet('a', () => {})] })
    const call = chain(...(app.pipeline?.use ?? []))(async () => 'a')
    /** What is measured when the loop is blocked for longer than an interval: it is looked at from the first look on. */
    const pressure = async () => {
      for (let look = 0; look < 3; look++) {
        for (const until = performance.now() + 120; performance.now() < until; );
        await Promise.all(Array.from({ length: 30 }, () => call('', rootContext())))
      }
      return app.pipeline?.policies.loadShed?.snapshot().load.pressure ?? Number.NaN
    }
    assert.ok((await pressure()) > 0)
    await app.close()
    assert.equal(await pressure(), 0)
  })
})
