// What a page of another site can make a browser send: none of it may call a service, and nothing else may be hindered by that.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { everyPace } from './raw-http.ts'
import { goodBody, request, Victim } from './victim.ts'

let victim: Victim
before(async () => {
  victim = await Victim.start()
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

/** The types that a form, or a fetch without a preflight, can send. */
const types: Readonly<Record<string, readonly string[]>> = {
  'a form': ['content-type: application/x-www-form-urlencoded'],
  'a form of parts': ['content-type: multipart/form-data; boundary=x'],
  'plain text': ['content-type: text/plain'],
  'plain text that speaks of JSON': ['content-type: text/plain; charset=application/json'],
  'plain text with JSON behind a comma': ['content-type: text/plain, application/json'],
  'plain text, and JSON in a second header': ['content-type: text/plain', 'content-type: application/json'],
  'a form whose boundary is JSON': ['content-type: multipart/form-data; boundary="application/json"'],
  'what begins like JSON': ['content-type: application/jsonx'],
  'what ends like JSON': ['content-type: text/application/json'],
  'no type': [],
  'an empty type': ['content-type:'],
}
const origins: Readonly<Record<string, readonly string[]>> = {
  'another origin': ['origin: https://evil.example'],
  'no origin that it would name': ['origin: null'],
  'another site': ['sec-fetch-site: cross-site'],
  'another site, with all that browsers send': [
    'origin: https://evil.example',
    'sec-fetch-site: cross-site',
    'sec-fetch-mode: no-cors',
    'cookie: session=1',
  ],
}

describe('a request that a page of another site can send', () => {
  for (const [type, typed] of Object.entries(types)) {
    for (const [origin, from] of Object.entries(origins)) {
      for (const pace of everyPace) {
        it(`is refused: ${type}, from ${origin}, ${pace}`, async () => {
          await victim.refuses(request('POST /sum', goodBody, [...typed, ...from]), { status: 415, pace })
        })
      }
    }
    it(`is refused for a stream of requests: ${type}`, async () => {
      await victim.refuses(request('POST /add', '1\n', [...typed, 'origin: https://evil.example']), { status: 415 })
    })
    it(`is refused without a body: ${type}`, async () => {
      await victim.refuses(request('POST /echo', '', [...typed, 'origin: https://evil.example']), { status: 415 })
    })
  }

  for (const [origin, from] of Object.entries(origins)) {
    for (const type of ['a form', 'plain text', 'no type']) {
      it(`is refused where the body is not read at all: ${type}, from ${origin}`, async () => {
        await victim.refuses(request('POST /reset?all=1', '', [...(types[type] ?? []), ...from]), { status: 415 })
      })
    }
  }

  it('is refused from another name of the same domain', async () => {
    const from = ['content-type: text/plain', 'origin: https://blog.victim', 'sec-fetch-site: same-site']
    await victim.refuses(request('POST /sum', goodBody, from), { status: 415 })
  })

  it('is let in by no header of the reply', async () => {
    const reply = await victim.refuses(request('POST /sum', goodBody, ['origin: https://evil.example']), {
      status: 415,
    })
    assert.deepEqual(
      [...reply.headers.keys()].filter((name) => name.startsWith('access-control')),
      [],
    )
  })
})

describe('a request that no page of another site can send without asking', () => {
  const json = [
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;x',
    'application/json ;x',
    'application/problem+json',
  ]
  for (const type of json) {
    for (const [origin, from] of Object.entries(origins)) {
      it(`passes: ${type}, from ${origin}`, async () => {
        const http = await victim.connect()
        await http.write(request('POST /sum', goodBody, [`content-type: ${type}`, ...from]))
        assert.equal((await http.reply()).status, 200)
        await victim.isWell('sum')
      })
    }
  }

  for (const [type, typed] of Object.entries(types)) {
    for (const [caller, from] of Object.entries({
      'a program': [],
      'the address line of a browser': ['sec-fetch-site: none'],
      'a page of the same origin': ['sec-fetch-site: same-origin'],
    })) {
      it(`passes: ${type}, from ${caller}`, async () => {
        const http = await victim.connect()
        await http.write(request('POST /sum', goodBody, [...typed, ...from]))
        assert.equal((await http.reply()).status, 200)
        await victim.isWell('sum')
      })
    }
  }

  it('passes when it only reads', async () => {
    const http = await victim.connect()
    await http.write(request('GET /cars/x', '', ['origin: https://evil.example', 'sec-fetch-site: cross-site']))
    assert.equal((await http.reply()).status, 200)
    await victim.isWell('car')
  })
})

describe('a strict server', () => {
  for (const [type, typed] of Object.entries(types)) {
    it(`refuses whatever is not said to be JSON: ${type}`, async () => {
      await using strict = await Victim.start({ strictContentType: true })
      const http = await strict.connect()
      await http.write(request('POST /sum', goodBody, typed))
      assert.equal((await http.reply()).status, 415)
      assert.deepEqual(strict.calls, [])
    })
  }
})
