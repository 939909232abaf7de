import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { portIn } from './port-in.ts'

const http = { name: 'http', port: 8080, protocol: 'TCP' }
const metrics = { name: 'metrics', port: 9090 }
const dns = { name: 'dns', port: 53, protocol: 'UDP' }

describe('portIn', () => {
  it('gives the only one, by TCP', () => {
    assert.equal(portIn([http], undefined), 8080)
    assert.equal(portIn([dns, { name: '', port: 80 }], undefined), 80)
  })

  it('gives the one that is named, or that has the number', () => {
    assert.equal(portIn([http, metrics], 'metrics'), 9090)
    assert.equal(portIn([http, metrics], 8080), 8080)
    assert.equal(portIn([{ port: 80 }, metrics], ''), 80)
  })

  it('has nothing to say where pods listen on another number, as others may not in a roll-out', () => {
    assert.equal(portIn([http, dns], 53), undefined)
    assert.equal(portIn([http], 80), undefined)
  })

  it('takes a number where all are meant', () => {
    assert.equal(portIn([], 80), 80)
    assert.equal(portIn([{ name: 'all', port: null }], 80), 80)
  })

  it('says what there is where it cannot know which', () => {
    const refuse = (...[ports, wanted, message]: [...Parameters<typeof portIn>, string]) =>
      assert.throws(() => portIn(ports, wanted), { code: 'failed_precondition', message })
    refuse([http, metrics], undefined, 'say which port by its name or number: it has http (8080), metrics (9090)')
    refuse([http], 'web', 'there is no port "web": it has http (8080)')
    refuse([], undefined, 'give the number of a port: it has none by TCP')
    refuse([{ port: null }], undefined, 'give the number of a port: it has one without a name (any)')
    refuse([dns], undefined, 'say which port by its name or number: it has none by TCP')
  })
})
