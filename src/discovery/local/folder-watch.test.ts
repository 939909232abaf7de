import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { eventually } from '../../testing/eventually.ts'
import { FolderWatch } from './folder-watch.ts'

const root = mkdtempSync(join(tmpdir(), 'servicekit-watch-'))
after(() => rmSync(root, { recursive: true }))

let folders = 0
function watched() {
  const folder = join(root, `${folders++}`)
  mkdirSync(folder)
  const heard: (string | undefined)[] = []
  return { folder, heard, watch: new FolderWatch(folder, (name) => heard.push(name)) }
}

describe('FolderWatch', { timeout: 20_000 }, () => {
  it('hears of what comes, is replaced and goes', async () => {
    const { folder, heard, watch } = watched()
    using _ = watch
    assert.equal(watch.begin(), true)
    assert.equal(watch.begin(), true)
    writeFileSync(join(folder, 'a'), '')
    await eventually(() => heard.includes('a'))
    heard.length = 0
    renameSync(join(folder, 'a'), join(folder, 'b'))
    await eventually(() => heard.includes('b'))
    heard.length = 0
    rmSync(join(folder, 'b'))
    await eventually(() => heard.includes('b'))
  })

  it('does not mind what is only touched', {
    skip: process.platform === 'linux' ? false : 'other systems may not tell these apart',
  }, async () => {
    const { folder, heard, watch } = watched()
    writeFileSync(join(folder, 'a'), '')
    using _ = watch
    watch.begin()
    utimesSync(join(folder, 'a'), 1, 1)
    writeFileSync(join(folder, 'b'), '')
    await eventually(() => heard.includes('b'))
    assert.deepEqual(new Set(heard), new Set(['b']))
  })

  it('ends with the folder, says so, and begins again with the next one', async () => {
    const { folder, heard, watch } = watched()
    using _ = watch
    watch.begin()
    rmSync(folder, { recursive: true })
    await eventually(() => heard.includes(undefined))
    assert.equal(watch.begin(), false)
    mkdirSync(folder)
    assert.equal(watch.begin(), true)
    writeFileSync(join(folder, 'a'), '')
    await eventually(() => heard.includes('a'))
  })

  it('cannot watch what is not there, which is no failure', () => {
    using watch = new FolderWatch(join(root, 'none'), () => assert.fail('nothing happened'))
    assert.equal(watch.begin(), false)
  })

  it('hears nothing once it is disposed', async () => {
    const { folder, heard, watch } = watched()
    watch.begin()
    writeFileSync(join(folder, 'a'), '')
    watch[Symbol.dispose]()
    using other = new FolderWatch(folder, () => {})
    other.begin()
    writeFileSync(join(folder, 'b'), '')
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(heard, [])
  })
})
