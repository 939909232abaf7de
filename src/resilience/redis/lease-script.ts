// The script that leases tokens: the whole of what happens in Redis, in one step and by its own clock, so that no other clock matters.
import { createHash } from 'node:crypto'
import type { Script } from './run-script.ts'

/*
 * KEYS  the bucket, a hash; and those who take from it, a sorted set by the moment at which each is forgotten. Both have one hash tag.
 * ARGV  1 tokens a second, 2 burst, 3 who asks, 4 how many it asks for, 5 how many it gives back, 6 how many it has let in on credit,
 *       7 how far ahead one may lease in ms, 8 whether a bucket that is not there is full (1), or was lost (0), 9 whether it leaves (1)
 * Gives how many may be used now, how many more later, in how many ms, how many processes there are, and after how many ms on average
 * one that got less than it asked for should ask again.
 *
 * What has come already goes to whoever asks. Of what comes within the time ahead each process is given no more than its share, so
 * that the tokens go below 0: whoever polls at its own moments loses none to a full bucket, and a small burst is no loss.
 */
const text = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local perMs, burst = tonumber(ARGV[1]) / 1000, tonumber(ARGV[2])
local me, ask = ARGV[3], tonumber(ARGV[4])
local returned, credit, aheadMs = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local bucket, members = KEYS[1], KEYS[2]

redis.call('ZREMRANGEBYSCORE', members, '-inf', now)
if ARGV[9] == '1' then redis.call('ZREM', members, me)
elseif not redis.call('ZSCORE', members, me) then redis.call('ZADD', members, now + 5000, me) end
local count = math.max(1, redis.call('ZCARD', members))
local againMs = math.max(aheadMs, count / perMs / 2)
if ARGV[9] ~= '1' then
  local knownMs = math.max(5000, againMs * 4)
  redis.call('ZADD', members, now + knownMs, me)
  if redis.call('PTTL', members) < knownMs then redis.call('PEXPIRE', members, math.ceil(knownMs * 2)) end
end

local state = redis.call('HMGET', bucket, 'tokens', 'at')
local tokens, at = tonumber(state[1] or ''), tonumber(state[2] or '')
if not tokens or not at then
  tokens, at = 0, now
  if ARGV[8] == '1' then tokens = burst end
end
local ahead = math.max(1, perMs * aheadMs)
tokens = math.min(burst, tokens + math.max(0, now - at) * perMs + returned)
tokens = math.max(tokens - credit, -burst - ahead)

local granted = math.min(ask, math.max(0, math.floor(tokens)))
tokens = tokens - granted
local later = math.min(ask - granted, math.max(1, math.floor(ahead / count)), math.floor(tokens + ahead))
later = math.max(0, later)
tokens = tokens - later
local laterMs = 0
if later > 0 then laterMs = math.ceil(math.max(0, -tokens / perMs)) end

redis.call('HSET', bucket, 'tokens', string.format('%.17g', tokens), 'at', string.format('%.3f', now))
redis.call('PEXPIRE', bucket, math.ceil(math.min(burst / perMs + 10000, 2 ^ 40)))
return { granted, later, laterMs, count, math.ceil(againMs) }
`

/** Runs in Redis 5 and later, and in what speaks its language (Valkey, KeyDB, Dragonfly with scripts). */
export const leaseScript: Script = { text, sha: createHash('sha1').update(text).digest('hex') }
