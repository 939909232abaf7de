// Tests of kernel.ts.
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { nodeKernel } from './kernel.ts'

describe('nodeKernel', () => {
  it('writes the part of the bytes that it is told to, in both ways', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'servicekit-kernel-'))
    const fd = openSync(join(folder, 'log'), 'a')
    const bytes = Buffer.from('0123456789')
    assert.equal(nodeKernel.writeSync(fd, bytes, 1, 3), 3)
    const written = await new Promise((resolve) => {
      nodeKernel.write(fd, bytes, 7, 2, null, (error, count) => resolve(error ?? count))
    })
    assert.equal(written, 2)
    assert.equal(readFileSync(join(folder, 'log'), 'utf8'), '12378')
    closeSync(fd)
    rmSync(folder, { recursive: true })
  })

  it('comes back from a pause', () => assert.equal(nodeKernel.pause(1), undefined))
})
