import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { idInPath } from './id-in-path.ts'

describe('idInPath', () => {
  const id = (service: string, own: string) => idInPath(service, { id: own, address: 'a:1' })

  it('tells services of one process apart', () => {
    assert.equal(id('add', '10.0.0.1:80'), 'add:10.0.0.1:80')
    assert.notEqual(id('add', '10.0.0.1:80'), id('sub', '10.0.0.1:80'))
  })

  it('writes what a path cannot carry in another way', () => {
    assert.equal(id('add', 'a//b/../%2F ü'), 'add:a~2f~~2f~b~2f~..~2f~~25~2F~20~~fc~')
    assert.notEqual(id('add', 'a/b'), id('add', 'a~2f~b'))
  })
})
