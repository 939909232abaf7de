// The fleets of stringsvc3 that find each other in DNS, and in registries that are servers.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { kubernetesRegistrar } from '../../src/discovery/kubernetes/registrar.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { allOf, assertAllAnswer, assertRoundRobin, Member, reasonOfNobody } from '../platform/stringsvc3.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { update } from '../servers/bind9/update.ts'

/** Resolves when the proxy says that it knows so many instances. */
function knows(proxy: Member, count: number): Promise<unknown> {
  const check = () => assert.match(proxy.program.linesLike(/ instances=/).at(-1) ?? '', new RegExp(`=${count}$`))
  return eventually(check, 20_000)
}

describe('stringsvc3 over DNS', skipUnless('bind9'), () => {
  const zone = {
    url: addressOfUnlessSkipped('bind9', 'url'),
    nsupdate: addressOfUnlessSkipped('bind9', 'nsupdate'),
    libraries: addressOfUnlessSkipped('bind9', 'libraries'),
  }

  it('goes to the instances of SRV records in turn, follows the records, and says why there is nobody', async () => {
    await using held = new AsyncDisposableStack()
    const name = `_stringsvc3-${process.pid}._tcp.example`
    const host = `stringsvc3-${process.pid}.example`
    const record = ({ address }: Member) => `${name}. 1 SRV 0 1 ${address.split(':')[1]} ${host}.`
    const [first, second, third] = (await allOf(held, [Member.ours(), Member.ours(), Member.ours()])) as [
      Member,
      Member,
      Member,
    ]
    held.defer(() => update(zone, [`delete ${name}.`, `delete ${host}.`]))
    await update(zone, [`add ${host}. 1 A 127.0.0.1`, ...[first, second, third].map((each) => `add ${record(each)}`)])
    const proxy = held.use(await Member.ours(`--discover=dns:${name}@${zone.url}`))
    assert.match(proxy.program.lines[0] ?? '', new RegExp(`proxy_to="${name} \\(SRV\\) in DNS at `))
    await knows(proxy, 3)
    await assertRoundRobin(proxy, [first, second, third])
    await first.program.end('SIGKILL')
    await assertAllAnswer(proxy, 6)
    await update(zone, [`delete ${record(first).replace(' 1 SRV', ' SRV')}`])
    await knows(proxy, 2)
    await assertAllAnswer(proxy, 3)
    await second.program.end()
    await third.program.end()
    assert.match(await reasonOfNobody(proxy), /in DNS at .*: could not connect to .*: connection refused/)
    await update(zone, [`delete ${name}. SRV`])
    await knows(proxy, 0)
    assert.match(
      await reasonOfNobody(proxy),
      /^no instance to call: .* in DNS at .*, which had 0 when it was last seen/,
    )
  })

  it('goes to the instances of address records by a port', async () => {
    await using held = new AsyncDisposableStack()
    const host = `stringsvc3-a-${process.pid}.example`
    const [instance] = (await allOf(held, [Member.ours()])) as [Member]
    held.defer(() => update(zone, [`delete ${host}.`]))
    await update(zone, [`add ${host}. 1 A 127.0.0.1`])
    const proxy = held.use(await Member.ours(`--discover=dns:${host}:${instance.address.split(':')[1]}@${zone.url}`))
    await knows(proxy, 1)
    await assertRoundRobin(proxy, [instance])
  })
})

describe('stringsvc3 over Consul', skipUnless('consul'), () => {
  it('goes to the instances that have registered in turn, sees them go, and says why there is nobody', async () => {
    await using held = new AsyncDisposableStack()
    const agent = new URL(addressOf('consul')).host
    const service = `stringsvc3-${process.pid}`
    const announced = () => Member.ours(`--register=consul:${service}@${agent}`)
    const proxy = held.use(await Member.ours(`--discover=consul:${service}@${agent}`))
    await knows(proxy, 0)
    assert.match(await reasonOfNobody(proxy), new RegExp(`^no instance to call: ${service} in consul at `))
    const [first, second, third] = (await allOf(held, [announced(), announced(), announced()])) as [
      Member,
      Member,
      Member,
    ]
    await knows(proxy, 3)
    await assertRoundRobin(proxy, [first, second, third])
    // Consul does not know yet that it is gone: the check of an instance has fifteen seconds.
    await first.program.end('SIGKILL')
    await assertAllAnswer(proxy, 12)
    assert.equal(await second.program.end(), 0)
    assert.equal(await third.program.end(), 0)
    await eventually(
      async () => assert.match(await reasonOfNobody(proxy), new RegExp(`${service} in consul at `)),
      10_000,
    )
    await fetch(`http://${agent}/v1/agent/service/deregister/${encodeURIComponent(`${service}:${first.address}`)}`, {
      method: 'PUT',
    })
    await knows(proxy, 0)
    assert.match(await reasonOfNobody(proxy), /which had 0 when it was last seen/)
  })
})

/** What stands behind the @ of a flag, by the server that a registry of this kind is tested with. */
const registries = [
  { kind: 'etcd', server: 'etcd', where: () => addressOf('etcd') },
  { kind: 'zookeeper', server: 'zookeeper', where: () => addressOf('zookeeper') },
  { kind: 'eureka', server: 'eureka', where: () => addressOf('eureka') },
] as const

for (const { kind, server, where } of registries)
  describe(`stringsvc3 over ${kind}`, { ...skipUnless(server), timeout: 90_000 }, () => {
    it('goes to the instances that have registered in turn, and sees them go', async () => {
      await using held = new AsyncDisposableStack()
      const registry = `${kind}:stringsvc3-${process.pid}@${where()}`
      const proxy = held.use(await Member.ours(`--discover=${registry}`))
      const announced = () => Member.ours(`--register=${registry}`)
      const [first, second] = (await allOf(held, [announced(), announced()])) as [Member, Member]
      await knows(proxy, 2)
      await assertRoundRobin(proxy, [first, second])
      assert.equal(await first.program.end(), 0)
      await knows(proxy, 1)
      await assertAllAnswer(proxy, 3)
      assert.equal(await second.program.end(), 0)
      await knows(proxy, 0)
      assert.match(await reasonOfNobody(proxy), new RegExp(`stringsvc3-${process.pid} in ${kind} at `))
    })
  })

describe('stringsvc3 over kubernetes', { ...skipUnless('kube-apiserver'), timeout: 90_000 }, () => {
  it('goes to the endpoints of a service in turn, and sees them go', async () => {
    await using held = new AsyncDisposableStack()
    const service = `stringsvc3-${process.pid}`
    const [url, ca] = ['url', 'ca'].map((key) => addressOf('kube-apiserver', key)) as [string, string]
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-stringsvc3-'))
    held.defer(() => rm(folder, { recursive: true }))
    const token = join(folder, 'token')
    await writeFile(token, 'admin-token\n')
    const [first, second] = (await allOf(held, [Member.ours(), Member.ours()])) as [Member, Member]
    const registrar = kubernetesRegistrar({ url, token: 'admin-token', tls: { ca: await readFile(ca, 'utf8') } })
    held.use(registrar)
    // Kubernetes refuses addresses of loopback: where these really are stands beside.
    const announced = [first, second].map(({ address }, at) => {
      const instance = { id: `${at}`, address: `10.1.1.${at + 1}:80`, metadata: { url: `http://${address}/uppercase` } }
      return registrar.register(service, instance)
    })
    await Promise.all(announced.map(({ registered }) => registered))
    const env = { KUBERNETES_TOKEN_FILE: token, KUBERNETES_CA_FILE: ca }
    const proxy = held.use(await Member.with(env, `--discover=kubernetes:${service}@${url}`))
    await knows(proxy, 2)
    await assertRoundRobin(proxy, [first, second])
    await announced[0]?.close()
    await knows(proxy, 1)
    await assertAllAnswer(proxy, 3)
    await announced[1]?.close()
    await knows(proxy, 0)
    assert.match(await reasonOfNobody(proxy), new RegExp(`${service}.default in kubernetes at `))
  })
})

/** Groups are made even where they are skipped. */
function addressOfUnlessSkipped(name: string, key: string): string {
  return skipUnless(name).skip ? '' : addressOf(name, key)
}
