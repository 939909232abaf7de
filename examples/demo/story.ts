// The story: what happens to the instances under load, in which order, and what was measured of it.
import { recentMs } from './reports.ts'
import type { Stage } from './stage.ts'
import { type Added, announced, type Event, inWords, type Killed, type Restarted, type Slowed } from './words.ts'

/** How many calls are made each second. */
export const callsPerSecond = 540
/** The number of calls below which it would prove little. */
export const leastCalls = 20_000

// At that rate these are some more calls than the least.
const storyMs = 38_000
const slowByMs = 100
// What a busy machine needs more must not end the story.
const patienceMs = 12_000
const shareBeforeOverMs = 4_000
const shareAfterOverMs = 2_000

/** Plays it on a stage that is set and under load; tells it in words, and gives all that happened. */
export async function story(stage: Stage, tell: (text: string) => void): Promise<readonly Event[]> {
  const startedAt = performance.now()
  const events: Event[] = []
  const play = async <Happened extends Event>(
    startMs: number,
    kind: Happened['kind'],
    which: () => string,
    act: Act<Happened>,
  ) => {
    await stage.wait(startedAt + startMs - performance.now())
    const id = which()
    const atMs = Math.round(performance.now() - startedAt)
    const failedBefore = stage.driver.failed
    tell(announced(kind, id, slowByMs))
    const figures = await act(stage, id)
    const callsLost = stage.driver.failed - failedBefore
    const event = { kind, instance: id, atMs, callsLost, ...figures } as unknown as Event
    events.push(event)
    tell(inWords(event))
  }
  // What may be retried is a share of the calls of the last ten seconds: before they have passed it is less than later.
  await play(9_000, 'killed', () => 'b', kill)
  await play(14_000, 'added', () => 'd', add)
  await play(20_000, 'slowed', () => busiest(stage), slow)
  await play(26_000, 'restarted', () => busiest(stage), restart)
  await stage.wait(startedAt + storyMs - performance.now())
  // On a machine that stood still for a while.
  while (stage.driver.sent < leastCalls) await stage.wait(100)
  return events
}

/** The instance that has most of the calls at the moment: to lose it hurts most. */
function busiest({ reports, pids }: Stage): string {
  const shares = reports.shares(2_000)
  return [...pids.keys()].toSorted((one, other) => (shares.get(other) ?? 0) - (shares.get(one) ?? 0))[0] ?? ''
}

/** Does something to an instance, and gives what is measured of that. */
type Act<Happened extends Event> = (stage: Stage, id: string) => Promise<Omit<Happened, keyof Told>>
type Told = Pick<Event, 'kind' | 'instance' | 'atMs' | 'callsLost'>

const kill: Act<Killed> = async (stage, id) => {
  const { reports } = stage
  const before = reports.last
  const failedBefore = reports.of(id).failed
  const killedAt = Date.now()
  stage.instance(id).kill('SIGKILL')
  const isOut = await reports.until(() => (reports.of(id).leftAt ?? 0) >= killedAt, patienceMs)
  // What was sent there last may be under way elsewhere.
  await stage.wait(1_000)
  const { lastSentAt, openedAt = 0, leftAt = 0, failed } = reports.of(id)
  const known = new Map(before.instances.map((instance) => [instance.id, instance.retries]))
  const retries = reports.last.instances.map((now) => [now.id, now.retries - (known.get(now.id) ?? 0)] as const)
  return {
    failedThere: failed - failedBefore,
    retriedOn: Object.fromEntries(retries.filter(([, count]) => count > 0)),
    lastCallAfterMs: Math.max(0, lastSentAt - killedAt),
    circuitOpenAfterMs: openedAt < killedAt ? undefined : openedAt - killedAt,
    outAfterMs: isOut ? leftAt - killedAt : undefined,
  }
}

const add: Act<Added> = async (stage, id) => {
  const { reports } = stage
  const startedAt = Date.now()
  await stage.add(id)
  const isFound = await reports.until(() => reports.of(id).joinedAt !== undefined, patienceMs)
  const { joinedAt = 0 } = reports.of(id)
  // Calls go to whoever is fastest at the moment, so that no instance has just its part of them.
  const enough = 0.6 / stage.pids.size
  const hasShare = await reports.until(() => (reports.shares(recentMs).get(id) ?? 0) >= enough, patienceMs)
  return {
    foundAfterMs: isFound ? joinedAt - startedAt : undefined,
    shareAfterMs: hasShare ? reports.last.at - joinedAt : undefined,
    share: reports.shares(recentMs).get(id) ?? 0,
    shareOverMs: recentMs,
  }
}

const slow: Act<Slowed> = async (stage, id) => {
  const { reports } = stage
  const shareBefore = reports.shares(shareBeforeOverMs).get(id) ?? 0
  const slowedAt = Date.now()
  stage.instance(id).tell({ slowMs: slowByMs })
  const isAvoided = () => (reports.shares(recentMs).get(id) ?? 0) <= shareBefore / 4
  const fell = await reports.until(isAvoided, patienceMs)
  const fellAfterMs = fell ? reports.last.at - slowedAt : undefined
  await stage.wait(shareAfterOverMs)
  const shareAfter = reports.shares(shareAfterOverMs).get(id) ?? 0
  return { byMs: slowByMs, shareBefore, shareBeforeOverMs, shareAfter, shareAfterOverMs, fellAfterMs }
}

const restart: Act<Restarted> = async (stage, id) => {
  const { reports } = stage
  const { failed: failedBefore, joinedAt: joinedBefore = 0 } = reports.of(id)
  const retriedBefore = reports.last.retries
  const askedAt = Date.now()
  const { ended } = stage.instance(id)
  stage.instance(id).kill('SIGTERM')
  await ended
  const endedAfterMs = Date.now() - askedAt
  const { leftAt = 0 } = reports.of(id)
  await stage.add(id)
  const isBack = await reports.until(() => (reports.of(id).joinedAt ?? 0) > joinedBefore, patienceMs)
  const backAt = reports.of(id).joinedAt ?? 0
  await stage.wait(1_000)
  return {
    failedThere: reports.of(id).failed - failedBefore,
    retried: reports.last.retries - retriedBefore,
    outAfterMs: leftAt < askedAt ? undefined : leftAt - askedAt,
    endedAfterMs,
    backAfterMs: isBack ? backAt - askedAt : undefined,
  }
}
