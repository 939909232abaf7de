// A process that makes more calls than its part of a shared limit: `caller.ts <client> <limit's url> <score's url> <limit per second> <calls per
// second>`. What was let in it counts in another Redis, by the clock of that one; it ends when its input does.
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { systemClock } from '../../../src/core/clock.ts'
import { rootContext } from '../../../src/core/context.ts'
import { redisRateLimit } from '../../../src/resilience/redis/rate-limit.ts'

const [kind = '', url = '', scoreUrl = '', limit = '', calls = ''] = process.argv.slice(2)
const score = await createClient({ url: scoreUrl }).connect()
const ofNodeRedis = async () =>
  await createClient({ url })
    .on('error', () => {})
    .connect()
const ofIoRedis = async () => new Redis(url).on('error', () => {})
const client = kind === 'redis' ? await ofNodeRedis() : await ofIoRedis()

const policy = redisRateLimit({
  client,
  name: 'crowd',
  perSecond: Number(limit),
  burst: Number(limit) / 10,
  backoff: { maxMs: 1_000 },
})
let admitted = 0
const endpoint = policy(async () => void admitted++)

// Counts for every tenth of a second of the clock of Redis, and says how this process is.
const count = `
local time = redis.call('TIME')
redis.call('HINCRBY', 'admitted', time[1] * 10 + math.floor(time[2] / 100000), ARGV[1])
redis.call('HSET', 'failures', ARGV[2], ARGV[3])
redis.call('HSET', 'trips', ARGV[2], ARGV[4])`

let goesOn = true
process.stdin
  .once('end', () => {
    goesOn = false
  })
  .resume()
const perMs = Number(calls) / 1_000
let owedAt = systemClock.now()
let toldAt = owedAt
console.log('calls')
while (goesOn) {
  await systemClock.sleep(3)
  const now = systemClock.now()
  for (; owedAt + 1 / perMs <= now; owedAt += 1 / perMs) await endpoint('', rootContext()).catch(() => {})
  if (now - toldAt < 40) continue
  toldAt = now
  const { storeFailures, trips } = policy.snapshot()
  const told = [admitted, process.pid, storeFailures, trips]
  admitted = 0
  await score.eval(count, { arguments: told.map(String) })
}
await policy[Symbol.asyncDispose]()
if (client instanceof Redis) client.disconnect()
else client.destroy()
score.destroy()
