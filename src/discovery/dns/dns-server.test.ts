import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dnsServer } from './dns-server.ts'

describe('dnsServer', () => {
  const good: [string, string, number][] = [
    ['10.0.0.2', '10.0.0.2', 53],
    ['127.0.0.1:5353', '127.0.0.1', 5353],
    ['::1', '::1', 53],
    ['[::1]', '::1', 53],
    ['[2001:db8::1]:1', '2001:db8::1', 1],
    ['fe80::1%eth0', 'fe80::1%eth0', 53],
  ]
  for (const [text, host, port] of good)
    it(`reads ${text}`, () => {
      const server = dnsServer(text)
      assert.deepEqual([server.host, server.port], [host, port])
    })

  for (const text of [
    '',
    'localhost',
    'ns.example:53',
    '10.0.0.2:0',
    '10.0.0.2:65536',
    '10.0.0:53',
    '[::1',
    7 as never,
  ])
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => dnsServer(text), /^TypeError: servers must be IP addresses/)
    })
})
