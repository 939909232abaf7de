import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { defaultFolder, folderError, isAbout, prepareFolder, serviceFolder } from './folder.ts'

const user = process.getuid?.()

describe('folder', { skip: user === undefined ? 'users have no numbers here' : false }, () => {
  const usual = process.env['TMPDIR']
  let temporary = ''
  beforeEach(() => {
    temporary = mkdtempSync('/tmp/servicekit-folder-')
    process.env['TMPDIR'] = temporary
  })
  afterEach(() => {
    if (usual === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = usual
    rmSync(temporary, { recursive: true })
  })

  it("is below the system's for temporary files, and for this user alone", async () => {
    assert.equal(defaultFolder(), join(temporary, `servicekit-${user}`))
    await prepareFolder(defaultFolder(), 'orders')
    await prepareFolder(defaultFolder(), 'orders')
    assert.equal(statSync(defaultFolder()).mode & 0o777, 0o700)
    assert.ok(statSync(join(defaultFolder(), 'orders')).isDirectory())
  })

  it('is refused when others can write it', async () => {
    await mkdir(defaultFolder())
    chmodSync(defaultFolder(), 0o777)
    await assert.rejects(
      prepareFolder(defaultFolder(), 'orders'),
      /can be written by others, who could announce what they like: remove it, or name/,
    )
  })

  it('is refused when it belongs to somebody else', {
    skip: user === 0 ? false : 'only root can give a folder away',
  }, async () => {
    await mkdir(defaultFolder(), { mode: 0o700 })
    chownSync(defaultFolder(), 12_345, 12_345)
    await assert.rejects(prepareFolder(defaultFolder(), 'orders'), /belongs to the user 12345/)
  })

  it('is refused when it is a link', async () => {
    await mkdir(join(temporary, 'elsewhere'), { mode: 0o700 })
    symlinkSync(join(temporary, 'elsewhere'), defaultFolder())
    await assert.rejects(prepareFolder(defaultFolder(), 'orders'), /can be written by others/)
  })

  it('may be shared when it was named', async () => {
    const folder = join(temporary, 'a', 'b')
    await mkdir(folder, { recursive: true })
    chmodSync(folder, 0o777)
    await prepareFolder(folder, '../orders')
    assert.ok(statSync(join(folder, '%2e.%2forders')).isDirectory())
    assert.equal(serviceFolder(folder, '../orders'), join(folder, '%2e.%2forders'))
  })

  it('says what to do when it cannot be made', async () => {
    const file = join(temporary, 'file')
    writeFileSync(file, '')
    await assert.rejects(prepareFolder(file, 'orders'), (error: Error) => {
      assert.match(
        error.message,
        /the registry's folder .*file cannot be used: a part of its path is no folder; name another/,
      )
      return true
    })
  })

  it('says what to do without permission', () => {
    for (const code of ['EACCES', 'EPERM', 'EROFS']) {
      const error = folderError('/registry', Object.assign(new Error(`${code}: no`), { code }))
      assert.equal(
        error.message,
        `the registry's folder /registry cannot be used: give this user the right to read and write it, or name another one with the option folder (${code}: no)`,
      )
      assert.equal(isAbout(error, 'permission'), true)
      assert.equal(isAbout(error, 'absence'), false)
    }
  })

  it('knows that it is missing, and leaves other errors as they are', () => {
    const gone = folderError('/registry', Object.assign(new Error('ENOENT'), { code: 'ENOENT' }))
    assert.equal(isAbout(gone, 'absence'), true)
    const other = new Error('other')
    assert.equal(folderError('/registry', other), other)
    assert.equal(isAbout(other, 'absence'), false)
    assert.equal(isAbout(other, 'permission'), false)
  })
})
