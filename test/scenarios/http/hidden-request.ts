// What the tests of framing prove of a request: that what is hidden behind it runs when it should, and never else.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { everyPace } from './raw-http.ts'
import { goodRequest, type Victim } from './victim.ts'

/** The request that is behind each. */
const hidden = goodRequest

type Requests = Readonly<Record<string, string>>

/** Proves of each that it is refused, at any pace, and that what is hidden behind it is not run. */
export function refusedBy(victim: () => Victim, requests: Requests, status: number | readonly number[] = 400): void {
  for (const [name, data] of Object.entries(requests)) {
    for (const pace of everyPace) {
      it(`is refused and closes the connection: ${name}, ${pace}`, async () => {
        await victim().refuses(data + hidden, { status, closes: true, pace })
      })
    }
  }
}

/** Proves of each that it is one request, and what follows another. */
export function passedBy(victim: () => Victim, requests: Requests): void {
  for (const [name, data] of Object.entries(requests)) {
    for (const pace of everyPace) {
      it(`is one request and passes: ${name}, ${pace}`, async () => {
        const http = await victim().connect()
        await (pace === 'byte by byte' ? http.drip(data + hidden) : http.write(data + hidden))
        assert.deepEqual([(await http.reply(1)).status, (await http.reply(2)).status], [200, 200])
        await victim().isWell('sum', 'sum')
      })
    }
  }
}
