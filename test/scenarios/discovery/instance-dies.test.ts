// Instances are killed under load, one and then all, and come back: who calls hardly notices the one, is told what is wrong with all, and goes on by itself.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ServiceError } from 'servicekit'
import { localInstancer } from 'servicekit/discovery/local/instancer'
import { balancedClient } from 'servicekit/presets/balanced-client'
import { eventually } from 'servicekit/testing/eventually'
import { Fleet } from './fleet.ts'
import { fleet } from './fleet-instance.ts'
import { bearableRate, SteadyLoad } from './steady-load.ts'

const limitMs = 30_000

describe('instances that are killed under load', () => {
  it('take no idempotent call with them; without any callers are told so in time, and are served again when some are back', {
    timeout: 120_000,
  }, async (test) => {
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-night-'))
    await using stack = new AsyncDisposableStack()
    stack.defer(() => rm(folder, { recursive: true }))
    const processes = stack.use(new Fleet({ folder }))
    const instances = await Promise.all(['a', 'b', 'c', 'd'].map((name) => processes.start(name)))
    const instancer = stack.use(localInstancer({ service: 'fleet', folder }))
    let retries = 0
    const client = stack.use(
      balancedClient(fleet, { instancer, pipeline: { retry: { onRetry: () => void retries++ } } }),
    )
    const knows = (count: number) => eventually(() => instancer.current.instances?.length === count, limitMs)
    await knows(4)
    const callsPerSecond = await bearableRate(client)

    const [victim, ...others] = instances
    {
      await using load = new SteadyLoad({ client, callsPerSecond, method: () => 'look' })
      await eventually(() => load.answers.size === 4, limitMs)
      await victim?.kill()
      const killedAt = performance.now()
      await knows(3)
      test.diagnostic(`out of the set ${Math.round(performance.now() - killedAt)} ms after it was killed`)
      const before = new Map(load.answers)
      await eventually(
        () => others.every(({ name }) => (load.answers.get(name) ?? 0) > (before.get(name) ?? 0) + 20),
        limitMs,
      )
      assert.equal(load.answers.get('a'), before.get('a'), 'nothing comes from who is gone')
      await load.stop()
      const share = Object.fromEntries(load.answers)
      test.diagnostic(
        `${load.begun} calls at ${callsPerSecond} a second, ${retries} retries, by instance: ${JSON.stringify(share)}`,
      )
      assert.deepEqual(load.troubles, {})
    }

    const timeoutMs = 5_000
    const refused = async (message: RegExp) => {
      const startedAt = performance.now()
      const failure = await client
        .book({ id: 0 }, { timeoutMs })
        .then(() => assert.fail('nobody is there'), ServiceError.from)
      assert.equal(failure.code, 'unavailable')
      assert.match(failure.message, message)
      // Far less than that where the machine is not busy.
      assert.ok(performance.now() - startedAt < timeoutMs + limitMs)
    }
    await Promise.all(others.map((instance) => instance.kill()))
    // Whether or not the registry has noticed.
    await refused(/connection refused|no instance to call/)
    await knows(0)
    await refused(/^no instance to call: fleet in the local registry at .*, which had 0 when it was last seen, .* ago/)

    await Promise.all([processes.start('e'), processes.start('f', others[0]?.port)])
    await knows(2)
    const load = stack.use(new SteadyLoad({ client, callsPerSecond, method: (id) => (id % 2 === 0 ? 'look' : 'book') }))
    await eventually(() => (load.answers.get('e') ?? 0) > 50 && (load.answers.get('f') ?? 0) > 50, limitMs)
    await load.stop()
    assert.deepEqual(load.troubles, {})
  })
})
