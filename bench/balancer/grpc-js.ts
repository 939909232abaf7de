// The row about round robin: beside the picker that grpc-js itself builds for a channel with a hundred connections.
import { connectivityState, experimental, Metadata } from '@grpc/grpc-js'
import { rootContext } from 'servicekit'
import { roundRobin } from 'servicekit/discovery/round-robin'
import { timed } from '../harness/timed.ts'
import { picksOf } from './picks.ts'

const count = 100

/** What a balancer asks of a connection that is there; a picker only hands it on. */
function connected(address: string): experimental.SubchannelInterface {
  const asked: Partial<experimental.SubchannelInterface> = {
    getConnectivityState: () => connectivityState.READY,
    getAddress: () => address,
    realSubchannelEquals: (other) => other.getAddress() === address,
    isHealthy: () => true,
    getChannelzRef: () => ({ kind: 'subchannel', id: 0, name: address }) as never,
    startConnecting() {},
    addConnectivityStateListener() {},
    removeConnectivityStateListener() {},
    addHealthStateWatcher() {},
    removeHealthStateWatcher() {},
    ref() {},
    unref() {},
  }
  return asked as experimental.SubchannelInterface
}

/** Its own balancer of the name `round_robin`, told of a hundred addresses, and the picker that it hands to its channel. */
function picker(): experimental.Picker {
  let latest: experimental.Picker | undefined
  const balancer = new experimental.ChildLoadBalancerHandler({
    createSubchannel: (address) => connected(experimental.subchannelAddressToString(address)),
    updateState(state, picker) {
      latest = state === connectivityState.READY ? picker : undefined
    },
    requestReresolution() {},
    addChannelzChild() {},
    removeChannelzChild() {},
  })
  const endpoints = Array.from({ length: count }, (_, at) => ({ addresses: [{ host: `10.0.0.${at}`, port: 80 }] }))
  const config = experimental.parseLoadBalancingConfig({ round_robin: {} })
  balancer.updateAddressList(experimental.statusOrFromValue(endpoints), config, {}, '')
  if (latest === undefined) throw new Error('grpc-js made no picker')
  return latest
}

/** Throws unless so many picks in a row are all different. */
function checkTurns(pick: () => unknown): void {
  const given = new Set(Array.from({ length: count }, pick))
  if (given.size !== count) throw new Error(`${given.size} of ${count} had their turn`)
}

/** Each pick passes what a pick of a channel passes; theirs gives a new object with the connection in it, ours the candidate. */
export const grpcRow = timed('round-robin grpc-js', {
  rounds: 21,
  ours: {
    async prepare() {
      const pick = await picksOf(roundRobin(), count, rootContext())
      checkTurns(pick)
      return pick
    },
  },
  peers: [
    {
      name: 'picker',
      bar: 0.9,
      prepare() {
        const peer = picker()
        const call = { metadata: new Metadata(), extraPickInfo: {} }
        checkTurns(() => peer.pick(call).subchannel)
        return () => peer.pick(call)
      },
    },
  ],
})
