// One instance of the fleet: it serves and announces itself until it is told to end, and then says which calls it has run.
import { parseArgs } from 'node:util'
import { type Context, contract, unary } from 'servicekit'
import { consulRegistrar } from 'servicekit/discovery/consul/registrar'
import { etcdRegistrar } from 'servicekit/discovery/etcd/registrar'
import { eurekaRegistrar } from 'servicekit/discovery/eureka/registrar'
import { kubernetesRegistrar } from 'servicekit/discovery/kubernetes/registrar'
import { localRegistrar } from 'servicekit/discovery/local/registrar'
import type { Registrar } from 'servicekit/discovery/registrar'
import { serve } from 'servicekit/presets/serve'
import { http } from 'servicekit/transport/http/http'
import { asElsewhere } from './elsewhere.ts'

/** A call of the test, by its number. */
export interface Order {
  readonly id: number
}

// Only a machine that stands still for longer than this makes a call fail for want of time.
const timeoutMs = 20_000

/** What the instances serve; the answer is the name of the instance. */
export const fleet = contract('fleet', {
  look: unary.of<Order, string>({ idempotent: true, timeoutMs }),
  book: unary.of<Order, string>({ timeoutMs }),
})

/** What an instance says to its parent: where it is, and in the end what it has run. */
export type Message =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'ran'; readonly ids: readonly number[] }

const longestWorkMs = 10

if (process.argv[1] === import.meta.filename) {
  // A test that has gone cannot end it any more.
  const orphaned = () => process.exit(1)
  process.once('disconnect', orphaned)
  const { values } = parseArgs({
    options: {
      name: { type: 'string', default: '' },
      port: { type: 'string', default: '0' },
      folder: { type: 'string' },
      consul: { type: 'string' },
      etcd: { type: 'string' },
      eureka: { type: 'string' },
      kubernetes: { type: 'string' },
    },
  })
  const { name, folder, consul, etcd, eureka, kubernetes } = values
  const register: Registrar[] = []
  if (folder !== undefined) register.push(localRegistrar({ folder }))
  if (consul !== undefined) register.push(consulRegistrar({ url: consul }))
  if (etcd !== undefined) register.push(etcdRegistrar({ url: etcd }))
  if (eureka !== undefined) register.push(eurekaRegistrar({ url: eureka, ttlMs: 6_000 }))
  if (kubernetes !== undefined)
    register.push(asElsewhere(kubernetesRegistrar({ ...JSON.parse(kubernetes), ttlMs: 6_000 })))
  const ids: number[] = []
  const run = async ({ id }: Order, ctx: Context) => {
    ids.push(id)
    await ctx.clock.sleep(Math.abs(id % longestWorkMs))
    return name
  }
  const say = (message: Message) => new Promise((resolve) => process.send?.(message, resolve))
  const app = await serve(
    fleet,
    { look: run, book: run },
    {
      over: [http({ host: '127.0.0.1', port: Number(values.port) })],
      register,
      // A machine that is busy with other things may make calls slow, but no call is refused for that.
      pipeline: { loadShed: false },
    },
  )
  await say({ kind: 'listening', url: app.url })
  await app.closed
  await say({ kind: 'ran', ids })
  process.off('disconnect', orphaned)
  process.disconnect?.()
}
