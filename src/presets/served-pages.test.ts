import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { health } from '../health/health.ts'
import { registry } from '../metrics/registry.ts'
import type { ServerTransport, Service } from '../transport/server-transport.ts'
import { checkRoutes, checkService, listOf, servedPages } from './served-pages.ts'

const metrics = Object.assign(registry(), { handler: () => new Response('page') })
const paths = (...args: Parameters<typeof servedPages>) => listOf(servedPages(...args)).map(({ path }) => path)

describe('servedPages', () => {
  it('are those of what there is, where the options say', () => {
    assert.deepEqual(paths(health(), { metrics }), ['/metrics', '/livez', '/readyz'])
    assert.deepEqual(paths(undefined, { metrics }), ['/metrics'])
    assert.deepEqual(paths(health(), {}), ['/livez', '/readyz'])
    const options = { metricsPath: '/vars', livenessPath: false, readinessPath: '/up' } as const
    assert.deepEqual(paths(health(), { metrics, ...options }), ['/vars', '/up'])
  })

  it('may have a port of their own where there is at least one', () => {
    const pagesPort = 0
    assert.deepEqual(paths(health(), { pagesPort }), ['/livez', '/readyz'])
    assert.deepEqual(paths(health(), { livenessPath: false, pagesPort }), ['/readyz'])
    assert.deepEqual(paths(undefined, { metrics, pagesPort }), ['/metrics'])
    const none = { metrics, metricsPath: false, livenessPath: false, readinessPath: false, pagesPort } as const
    const refused = { name: 'TypeError', message: /^pagesPort needs a page, and there is none: of metrics, .* health$/ }
    assert.throws(() => paths(health(), none), refused)
    assert.throws(() => paths(undefined, { metrics: registry(), pagesPort }), refused)
    assert.throws(() => paths(undefined, { pagesPort }), refused)
  })
})

describe('checkRoutes', () => {
  it('refuses a method at the path of a page, whatever its verb', () => {
    const pages = servedPages(health(), {})
    const post = { livez: [{ method: 'POST', path: '/livez' }] } as const
    assert.throws(() => checkRoutes(pages, post), /method livez has the path \/livez of health; set livenessPath/)
    const others = { a: [{ method: 'GET', path: '/:id' }], b: [{ method: 'GET', path: '/livez/b' }] } as const
    checkRoutes(pages, others)
    checkRoutes(servedPages(health(), { livenessPath: false }), post)
  })
})

describe('checkService', () => {
  const pages = servedPages(health(), { metrics })
  const service = { handlers: listOf(pages), methods: [] } as unknown as Service
  const checking = (check: ServerTransport['check']) => ({ check }) as ServerTransport

  it('says what to do where the pages of health do not fit', () => {
    const taken = checking(({ handlers }) => {
      if (handlers.some(({ path }) => path === '/livez')) throw new TypeError('/livez is taken')
    })
    assert.throws(() => checkService(taken, service, pages), {
      name: 'TypeError',
      message: '/livez is taken; set livenessPath and readinessPath to others, or health to false',
    })
  })

  it('passes on what has other reasons', () => {
    const broken = new RangeError('maxBodyBytes')
    const never = checking(() => {
      throw broken
    })
    assert.throws(() => checkService(never, service, pages), broken)
    assert.throws(() => checkService(never, { ...service, handlers: [] }, pages), broken)
    checkService(
      checking(() => {}),
      service,
      pages,
    )
  })
})
