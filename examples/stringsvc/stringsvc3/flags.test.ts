import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flagsOf, instanceOf, usage } from './flags.ts'

describe('flagsOf', () => {
  it('has the defaults of Go kit’s example', () => {
    assert.deepEqual(flagsOf([]), {
      listen: ':8080',
      host: undefined,
      port: 8080,
      proxy: undefined,
      discover: undefined,
      register: undefined,
      help: false,
    })
  })

  for (const [listen, host, port] of [
    [':8001', undefined, 8001],
    ['localhost:0', 'localhost', 0],
    ['10.0.0.5:80', '10.0.0.5', 80],
    ['[::1]:8001', '::1', 8001],
  ] as const)
    it(`listens on ${listen}`, () => {
      const flags = flagsOf([`--listen=${listen}`])
      assert.deepEqual([flags.listen, flags.host, flags.port], [listen, host, port])
    })

  for (const listen of ['8001', 'localhost', ':http', ':70000', '::1:80', 'a b:80', ':'])
    it(`refuses to listen on ${listen}`, () => {
      assert.throws(() => flagsOf(['--listen', listen]), {
        message: `--listen must be host:port or :port, but is "${listen}"`,
      })
    })

  it('takes a list of instances as it stands, without the spaces', () => {
    assert.deepEqual(flagsOf(['--proxy', 'a:1, b:2 ,https://c/x']).proxy, ['a:1', 'b:2', 'https://c/x'])
    assert.equal(flagsOf(['--proxy=']).proxy, undefined)
  })

  for (const proxy of ['a:1,', ',', 'a:1,,b:2', 'a:99999', 'http://', 'user@host:1'])
    it(`refuses the list ${proxy}`, () => {
      assert.throws(
        () => flagsOf([`--proxy=${proxy}`]),
        /^TypeError: --proxy has ".*", which is no URL of an instance$/,
      )
    })

  for (const [text, registry] of [
    ['local', { kind: 'local', folder: undefined }],
    ['local:/tmp/a@b:c', { kind: 'local', folder: '/tmp/a@b:c' }],
    [
      'dns:_stringsvc._tcp.example',
      { kind: 'dns', name: '_stringsvc._tcp.example', port: undefined, server: undefined },
    ],
    ['dns:stringsvc.example:8001@[::1]:53', { kind: 'dns', name: 'stringsvc.example', port: 8001, server: '[::1]:53' }],
    ['consul', { kind: 'consul', service: 'stringsvc', where: undefined }],
    ['consul:upper', { kind: 'consul', service: 'upper', where: undefined }],
    ['consul:upper@10.0.0.2:8500', { kind: 'consul', service: 'upper', where: '10.0.0.2:8500' }],
    ['consul@10.0.0.2:8500', { kind: 'consul', service: 'stringsvc', where: '10.0.0.2:8500' }],
    ['zookeeper:upper@zk1:2181,zk2/apps', { kind: 'zookeeper', service: 'upper', where: 'zk1:2181,zk2/apps' }],
    ['eureka', { kind: 'eureka', service: 'stringsvc', where: undefined }],
  ] as const)
    it(`looks in ${text}`, () => {
      assert.deepEqual(flagsOf([`--discover=${text}`]).discover, registry)
      if (registry.kind === 'dns') assert.throws(() => flagsOf([`--register=${text}`]), /--register cannot be dns/)
      else assert.deepEqual(flagsOf([`--register=${text}`]).register, registry)
    })

  for (const text of ['', 'etcd3', 'local:', 'localhost', 'dns', 'dns:', 'dns:name:port', 'dns:name@'])
    it(`does not know the registry "${text}"`, () => {
      for (const flag of ['--discover', '--register'])
        assert.throws(() => flagsOf([`${flag}=${text}`]), {
          name: 'TypeError',
          message: new RegExp(`^${flag} must be one of local, dns:name, consul`),
        })
    })

  for (const text of ['consul:@', 'consul:a:1', 'zookeeper:127.0.0.1:2181', 'eureka@']) {
    it(`says how the registry of "${text}" is named`, () => {
      const kind = text.split(/[:@]/)[0]
      for (const flag of ['--discover', '--register'])
        assert.throws(() => flagsOf([`${flag}=${text}`]), {
          name: 'TypeError',
          message: `${flag} must be ${kind}[:service][@where], with an @ before where it is, but is "${text}"`,
        })
    })
  }

  it('refuses two ways to find instances, and flags that there are not', () => {
    assert.throws(() => flagsOf(['--proxy=a:1', '--discover=local']), /--proxy and --discover exclude each other/)
    assert.throws(() => flagsOf(['--port=1']), /Unknown option '--port'/)
  })

  it('has every flag in its help', () => {
    for (const flag of ['listen', 'proxy', 'discover', 'register']) assert.ok(usage.includes(`\n  --${flag} `), flag)
    assert.ok(flagsOf(['-h']).help)
  })
})

describe('instanceOf', () => {
  for (const [text, url, address] of [
    ['localhost:8001', 'http://localhost:8001/uppercase', 'localhost:8001'],
    ['http://localhost:8001/', 'http://localhost:8001/uppercase', 'localhost:8001'],
    ['http://10.0.0.2/v2/upper?x=1', 'http://10.0.0.2/v2/upper?x=1', '10.0.0.2:80'],
    ['https://strings.example', 'https://strings.example/uppercase', 'strings.example:443'],
    ['[::1]:8001', 'http://[::1]:8001/uppercase', '[::1]:8001'],
  ] as const)
    it(`finds ${text} at ${address}`, () => {
      assert.deepEqual(instanceOf(text), { id: url, address, metadata: { url } })
    })
})
