import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LeftOut, withSkips } from './left-out.ts'

const cases = withSkips<Error | undefined>([
  {
    name: 'a case',
    run: async (thrown) => {
      if (thrown !== undefined) throw thrown
    },
  },
])
const run = cases[0]?.run as (typeof cases)[number]['run']

describe('withSkips', () => {
  it('skips what is left out, and says why', async () => {
    const skipped: string[] = []
    const test = { skip: (reason: string) => void skipped.push(reason) }
    await run(new LeftOut('nothing can be killed'), test)
    await run(undefined, test)
    assert.deepEqual(skipped, ['nothing can be killed'])
    assert.equal(cases[0]?.name, 'a case')
  })

  it('lets pass what fails, and needs nobody to tell', async () => {
    await assert.rejects(run(new Error('wrong')), { message: 'wrong' })
    await run(new LeftOut('nothing can be killed'))
  })
})
