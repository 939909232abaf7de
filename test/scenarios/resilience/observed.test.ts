// What an operator sees of policies: in the metrics page of a service that serves and calls, and in its log; and how to change them while it runs.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, contract, type Handlers, ServiceError, unary } from 'servicekit'
import { type Logger, logger } from 'servicekit/log/logger'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { type ClientPipeline, type ClientPipelineOptions, clientPipeline } from 'servicekit/presets/client-pipeline'
import { type App, type ServeOptions, serve } from 'servicekit/presets/serve'
import { eventually } from 'servicekit/testing/eventually'
import { type LogRecorder, logRecorder } from 'servicekit/testing/log-recorder'
import { httpClient } from 'servicekit/transport/http/client'
import { http } from 'servicekit/transport/http/http'

const shop = contract('shop', {
  read: unary.of<string, string>({ idempotent: true }),
  write: unary.of<string, string>(),
})
type Shop = typeof shop

/** A service that calls itself, and all that it tells. */
interface House extends AsyncDisposable {
  readonly app: App
  readonly client: Client<Shop>
  readonly pipeline: ClientPipeline
  readonly log: LogRecorder
  readonly logger: Logger
  /** The value of a line of the page; 0 for one that is not there. */
  value(line: string): Promise<number>
}

async function house(
  handlers: Handlers<Shop>,
  options: Partial<ServeOptions<Shop['methods']>> = {},
  clientOptions: ClientPipelineOptions = {},
): Promise<House> {
  const stack = new AsyncDisposableStack()
  const log = logRecorder()
  const lines = logger(log, { level: 'debug' })
  const metrics = prometheus()
  const app = stack.use(
    await serve(shop, handlers, { over: [http({ host: '127.0.0.1', port: 0 })], metrics, logger: lines, ...options }),
  )
  const pipeline = clientPipeline({ metrics, logger: lines, ...clientOptions })
  const client = stack.use(httpClient(shop, { baseUrl: app.url, pipeline }))
  return {
    app,
    client,
    pipeline,
    log,
    logger: lines,
    value: async (line) => {
      const page = await (await fetch(app.metricsUrl ?? '')).text()
      const found = page.split('\n').find((each) => each.startsWith(`${line} `))
      return Number(found?.slice(line.length) ?? 0)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const unavailable = () => Promise.reject(new ServiceError('unavailable', 'restarting', { retry: 'safe' }))
const echo = (text: string) => text

/** Those lines of the log that have this message: their level, and some of their fields. */
function logged({ log }: House, message: string, ...fields: readonly string[]): readonly (readonly unknown[])[] {
  return log.entries
    .filter((entry) => entry.message === message)
    .map((entry) => [entry.level, ...fields.map((field) => entry.fields[field])])
}

describe('the policies of a client', () => {
  it('tell of retries, and of giving up', async () => {
    let failures = 1
    await using shown = await house({ read: (text) => (failures-- > 0 ? unavailable() : text), write: unavailable })
    assert.equal(await shown.client.read('a'), 'a')
    await assert.rejects(shown.client.write('a'), { code: 'unavailable', message: 'restarting (3 attempts)' })
    assert.equal(await shown.value('rpc_client_retries_total{rpc_method="shop/read"}'), 1)
    assert.equal(await shown.value('rpc_client_retries_total{rpc_method="shop/write"}'), 2)
    assert.equal(await shown.value('rpc_client_retries_given_up_total{rpc_method="shop/write",reason="attempts"}'), 1)
    assert.deepEqual(logged(shown, 'retrying', 'method', 'attempt', 'error'), [
      ['debug', 'shop/read', 2, 'restarting'],
      ['debug', 'shop/write', 2, 'restarting'],
      ['debug', 'shop/write', 3, 'restarting'],
    ])
    assert.deepEqual(logged(shown, 'gave up retrying', 'method', 'attempts', 'reason'), [
      ['debug', 'shop/write', 3, 'attempts'],
    ])
    // One call for its caller, three for the server.
    const calls = (side: string) =>
      `rpc_${side}_calls_total{rpc_method="shop/write",rpc_response_status_code="unavailable"}`
    assert.deepEqual([await shown.value(calls('client')), await shown.value(calls('server'))], [1, 3])
  })

  it('tell of attempts and of calls that took too long', async () => {
    const slow = async (text: string) => {
      await sleep(5_000, undefined, { ref: false })
      return text
    }
    await using shown = await house(
      { read: slow, write: slow },
      {},
      { attemptTimeout: { timeoutMs: 50 }, retry: { attempts: 2 } },
    )
    await assert.rejects(shown.client.read('a'), {
      code: 'deadline_exceeded',
      message: 'no response came within 50 ms (2 attempts)',
    })
    assert.equal(await shown.value('rpc_client_timeouts_total{rpc_method="shop/read",of="attempt"}'), 2)
    await assert.rejects(shown.client.write('a', { timeoutMs: 50 }), { code: 'deadline_exceeded' })
    assert.equal(await shown.value('rpc_client_timeouts_total{rpc_method="shop/write",of="call"}'), 1)
  })

  it('tell of a circuit that opens, refuses, is tried and closes', async () => {
    let isDown = true
    await using shown = await house(
      { read: (text) => (isDown ? unavailable() : text), write: echo },
      {},
      { retry: false, circuitBreaker: { openMs: 100 } },
    )
    for (let n = 0; n < 5; n++) await assert.rejects(shown.client.read('a'), { message: 'restarting' })
    await assert.rejects(shown.client.write('a'), { message: 'the circuit is open' })
    isDown = false
    await eventually(async () => {
      await shown.client.read('a')
      assert.equal(shown.pipeline.policies.circuitBreaker?.state(), 'closed')
    })
    for (const to of ['open', 'half_open', 'closed'])
      assert.equal(await shown.value(`rpc_client_circuit_transitions_total{rpc_service="shop",to="${to}"}`), 1)
    const refused = await shown.value(
      'rpc_client_policy_refusals_total{rpc_method="shop/write",policy="circuit_breaker"}',
    )
    assert.equal(refused, 1)
    assert.deepEqual(
      [
        logged(shown, 'circuit open', 'from', 'cause', 'method'),
        logged(shown, 'circuit half open', 'from', 'cause'),
        logged(shown, 'circuit closed', 'from', 'cause'),
      ],
      [
        [['warn', 'closed', 'consecutive_failures', 'shop/read']],
        [['info', 'open', 'open_time_over']],
        [['info', 'half_open', 'probes_succeeded']],
      ],
    )
  })

  it('tell of a budget that is spent, where it is seen', async () => {
    await using shown = await house({ read: unavailable, write: echo }, {}, { circuitBreaker: false })
    const errors = await Promise.all(
      Array.from({ length: 40 }, () => shown.client.read('a').catch((thrown: ServiceError) => thrown)),
    )
    assert.ok(errors.every((error) => error instanceof ServiceError && error.retry === 'never'))
    const givenUp = await shown.value('rpc_client_retries_given_up_total{rpc_method="shop/read",reason="budget"}')
    assert.ok(givenUp > 0 && givenUp <= 40, `${givenUp} for want of budget`)
    assert.equal(
      logged(shown, 'gave up retrying', 'reason').filter(([, reason]) => reason === 'budget').length,
      givenUp,
    )
    const retries = await shown.value('rpc_client_retries_total{rpc_method="shop/read"}')
    assert.ok(retries >= 10 && retries < 40, `${retries} retries`)
  })
})

describe('the policies of a server', () => {
  /** A handler that is called, and answers when it may. */
  function held() {
    const called = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<string>()
    const handler = () => {
      called.resolve()
      return answer.promise
    }
    return { handler, called: called.promise, answer: answer.resolve }
  }

  /** Two calls at once, of a server that lets in one. */
  async function refusedByLimit(
    options?: ServeOptions<Shop['methods']>['pipeline'],
  ): Promise<readonly [House, unknown]> {
    const { handler, called, answer } = held()
    const shown = await house({ read: echo, write: handler }, { pipeline: options }, { retry: false })
    const first = shown.client.write('a')
    await called
    const second = await shown.client.read('a').catch((thrown: unknown) => thrown)
    answer('done')
    assert.equal(await first, 'done')
    return [shown, second]
  }

  it('tell of what they refuse, which RED metrics have too', async () => {
    const [shown, refused] = await refusedByLimit({ bulkhead: { limit: 1 } })
    await using _ = shown
    assert.ok(refused instanceof ServiceError)
    assert.deepEqual(
      [refused.code, refused.message, refused.retry],
      ['resource_exhausted', 'the bulkhead is full', 'safe'],
    )
    assert.equal(await shown.value('rpc_server_policy_refusals_total{rpc_method="shop/read",policy="bulkhead"}'), 1)
    const calls = 'calls_total{rpc_method="shop/read",rpc_response_status_code="resource_exhausted"}'
    assert.equal(await shown.value(`rpc_server_${calls}`), 1)
    assert.equal(await shown.value(`rpc_client_${calls}`), 1)
    // A line for the call, and none for the refusal: under overload there would be nothing else.
    assert.deepEqual(
      shown.log.entries.map(({ message }) => message).filter((message) => /refus|bulkhead/.test(message)),
      [],
    )
    assert.equal(logged(shown, 'served shop/read resource_exhausted').length, 1)
  })

  it('are on by default, can be looked at and changed while they run, and switched off', async () => {
    await using shown = await house({ read: echo, write: echo })
    const { pipeline } = shown.app
    assert.deepEqual(Object.keys(pipeline?.snapshot() ?? {}), ['loadShed', 'bulkhead'])
    const { handler, called, answer } = held()
    await using other = await house({ read: echo, write: handler }, {}, { retry: false })
    const bulkhead = other.app.pipeline?.policies.bulkhead
    const first = other.client.write('a')
    await called
    assert.equal(await other.client.read('a'), 'a')
    bulkhead?.change({ limit: 1 })
    await assert.rejects(other.client.read('a'), { code: 'resource_exhausted' })
    bulkhead?.change({ limit: 2 })
    assert.equal(await other.client.read('a'), 'a')
    assert.equal(bulkhead?.snapshot().refused, 1)
    answer('done')
    assert.equal(await first, 'done')

    const [none, served] = await refusedByLimit(false)
    await using _ = none
    assert.equal(none.app.pipeline, undefined)
    assert.equal(served, 'a')
  })
})

describe('a program with all policies on both sides', () => {
  it('ends by itself when service and client are closed, and none of its policies says a word', () => {
    const program = `
      import { contract, unary } from 'servicekit'
      import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
      import { clientPipeline } from 'servicekit/presets/client-pipeline'
      import { serve } from 'servicekit/presets/serve'
      import { httpClient } from 'servicekit/transport/http/client'
      import { http } from 'servicekit/transport/http/http'
      const shop = contract('shop', { read: unary.of({ idempotent: true }) })
      const pipeline = { rateLimit: { perSecond: 100, maxWaitMs: 100 }, adaptiveLimit: {}, bulkhead: { queue: 10 } }
      const over = [http({ host: '127.0.0.1', port: 0 })]
      const app = await serve(shop, { read: (text) => text }, { over, metrics: prometheus(), pipeline })
      const client = httpClient(shop, {
        baseUrl: app.url,
        pipeline: clientPipeline({ hedge: {}, rateLimit: { perSecond: 100, maxWaitMs: 100 }, bulkhead: { queue: 10 } }),
      })
      for (let n = 0; n < 20; n++) await client.read('a')
      await client[Symbol.asyncDispose]()
      await app.close()
      console.log('closed')`
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      timeout: 20_000,
    })
    assert.deepEqual({ status, signal, stdout, stderr }, { status: 0, signal: null, stdout: 'closed\n', stderr: '' })
  })
})
