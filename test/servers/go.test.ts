// Proves what Go as a source asks of a machine.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { scratchFolder } from './fake-server.ts'
import { go } from './go.ts'

describe('go', () => {
  it('wants the version that go.mod names, and says so in a line', async () => {
    using folder = scratchFolder()
    writeFileSync(join(folder.path, 'go.mod'), 'module x\n\ngo 1.999.1\n')
    const { missing } = go({ folder: folder.path, module: 'example.org/x', programs: {} })
    assert.match((await missing()) ?? '', /^needs Go 1\.999 or later on the PATH(, which has 1\.\d+)?$/)
  })
})
