// One instance of the string service: it serves on any free port, announces itself in the local registry, and does what the stage says.
import { parseArgs } from 'node:util'
import type { Context } from 'servicekit'
import { localRegistrar } from 'servicekit/discovery/local/registrar'
import { serve } from 'servicekit/presets/serve'
import { http } from 'servicekit/transport/http/http'
import { stringsvc } from '../stringsvc/stringsvc1/stringsvc.ts'
import { stringService } from '../stringsvc/stringsvc2/service.ts'
import { followStage, play, say } from './part.ts'

const { values } = parseArgs({ options: { id: { type: 'string' }, folder: { type: 'string' } } })
const { id = 'a', folder } = values

let slowMs = 0
followStage((order) => {
  slowMs = order.slowMs
})

await play(async () => {
  const handlers = {
    ...stringService,
    uppercase: async (request: { readonly s: string }, ctx: Context) => {
      if (slowMs > 0) await ctx.clock.sleep(slowMs, ctx)
      return stringService.uppercase(request)
    },
  }
  await using registrar = localRegistrar({ folder })
  await using app = await serve(stringsvc, handlers, {
    over: [http({ host: '127.0.0.1', port: 0 })],
    register: registrar,
    advertise: { id },
    // A machine that is busy with other things may make calls slow here, but refuses none.
    pipeline: { loadShed: false },
  })
  await app.registrations[0]?.registered
  say({ kind: 'ready', url: app.url })
  await app.closed
})
