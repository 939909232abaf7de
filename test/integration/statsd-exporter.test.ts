// Proves that the statsd_exporter of the tests is the real one: a line by UDP or TCP becomes a metric, and one that it cannot read is counted.
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { eventually } from '../../src/testing/eventually.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { statsdExporter } from '../servers/statsd-exporter/statsd-exporter.ts'

const shows = (line: string, url = addressOf('statsd-exporter')) =>
  eventually(async () => (await (await fetch(`${url}/metrics`)).text()).includes(`\n${line}\n`))

function send(datagram: string, to = addressOf('statsd-exporter', 'udp')): void {
  const { hostname, port } = new URL(to)
  const socket = createSocket('udp4')
  socket.send(datagram, Number(port), hostname, () => socket.close())
}

describe('statsd_exporter', skipUnless('statsd-exporter'), () => {
  it('turns lines that come by UDP into metrics, with tags as labels', async () => {
    send('proof_udp:3|c|#kind:real\nproof_udp:4|c|#kind:real')
    await shows('proof_udp{kind="real"} 7')
  })

  it('divides by the sample rate', async () => {
    send('proof_sampled:1|c|@0.1')
    await shows('proof_sampled 10')
  })

  it('takes lines by TCP', async () => {
    const { hostname, port } = new URL(addressOf('statsd-exporter', 'tcp'))
    connect(Number(port), hostname).end('proof_tcp:5|g\n')
    await shows('proof_tcp 5')
  })

  it('counts lines that it cannot read', async () => {
    // Its own one: on the shared one other tests rely on these counters staying at 0.
    await using own = await ownServer(statsdExporter)
    send('proof_bad:seven|c', own.addresses['udp'])
    await shows('statsd_exporter_sample_errors_total{reason="malformed_value"} 1', own.addresses['url'])
  })
})
