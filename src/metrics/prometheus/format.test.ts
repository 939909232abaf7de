// Tests of format.ts: what Accept and Accept-Encoding ask for.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { acceptsGzip, formatOf } from './format.ts'

describe('formatOf', () => {
  const formats: Readonly<Record<string, 'text' | 'openmetrics'>> = {
    // Prometheus 2.
    'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2':
      'openmetrics',
    // Prometheus 3, without and with its binary format.
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2':
      'openmetrics',
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1':
      'openmetrics',
    'application/openmetrics-text': 'openmetrics',
    'Application/OpenMetrics-Text; Version="1.0.0"; charset=utf-8': 'openmetrics',
    // Of what is liked the same, the one that says more.
    'text/plain, application/openmetrics-text': 'openmetrics',
    // A browser, curl, and who says nothing.
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8': 'text',
    '*/*': 'text',
    '': 'text',
    // Nobody who does not name it gets it.
    'application/*': 'text',
    'application/openmetrics-text;version=0.0.1': 'text',
    'application/openmetrics-text;q=0': 'text',
    'application/openmetrics-text;q=0, */*;q=0': 'text',
    'application/openmetrics-text;q=much': 'text',
    // Liked less than text; the most specific range decides how much that is.
    'application/openmetrics-text;q=0.5, */*;q=0.8': 'text',
    'application/openmetrics-text;q=0.5, text/*;q=0.8, */*;q=0.1': 'text',
    'application/openmetrics-text;q=0.5, text/plain;q=0.1, text/*;q=0.8': 'openmetrics',
    'application/openmetrics-text;q=0.5, text/plain;version=0.0.4;q=0.6, text/plain;q=0.1': 'text',
    // Neither can be had.
    'application/json': 'text',
  }
  for (const [accept, format] of Object.entries(formats)) {
    it(`gives ${format} for "${accept}"`, () => assert.equal(formatOf(accept), format))
  }

  it('gives text where there is no header', () => assert.equal(formatOf(null), 'text'))
})

describe('acceptsGzip', () => {
  const encodings: Readonly<Record<string, boolean>> = {
    gzip: true,
    'deflate, GZIP;q=0.5, br': true,
    'x-gzip': true,
    '*': true,
    'gzip;q=0': false,
    'gzip; q=0.0, *': false,
    '*;q=0': false,
    br: false,
    '': false,
    'identity, gzip;q=0.5': false,
    'identity;q=0.5, gzip': true,
    gzipped: false,
  }
  for (const [header, accepts] of Object.entries(encodings)) {
    it(`${accepts ? 'does' : 'does not'} for "${header}"`, () => assert.equal(acceptsGzip(header), accepts))
  }

  it('does not where there is no header', () => assert.equal(acceptsGzip(null), false))
})
