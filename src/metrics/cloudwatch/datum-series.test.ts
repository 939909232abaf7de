import assert from 'node:assert/strict'
import { it } from 'node:test'
import { largest } from './datum-series.ts'

it('the largest value that CloudWatch takes is a double', () => assert.equal(Math.log2(largest), 360))
