// What ./dev proof prints: every promise is kept, and the table is the same bytes each time.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMet } from '../proof/claim.ts'
import { claims } from '../proof/claims.ts'
import { hedging } from '../proof/hedging.ts'
import { table } from '../proof/table.ts'

describe('the proof', () => {
  for (const claim of claims)
    it(`keeps its promise: ${claim.says}`, async () => {
      const findings = await claim.run()
      assert.ok(findings.length > 0)
      assert.deepEqual(
        findings.filter((finding) => !isMet(finding)),
        [],
        table([{ claim, findings }]),
      )
    })

  it('prints the same bytes for the same findings, run after run', async () => {
    const [one, other] = [await hedging.run(), await hedging.run()]
    assert.equal(table([{ claim: hedging, findings: one }]), table([{ claim: hedging, findings: other }]))
  })

  it('says so when a promise is not kept', () => {
    const findings = [{ what: 'load', value: 2.345, atMost: 1.3 }]
    const lost = { what: 'success', value: 0.99996, as: 'share' as const, atLeast: 0.9999 }
    const claim = { says: 'a claim', run: async () => findings }
    assert.equal(
      table([{ claim, findings: [...findings, lost] }]),
      ['a claim', '  load           2.35       <= 1.30  MISSED', '  success     99.99 %    >= 99.99 %  met', ''].join(
        '\n',
      ),
    )
  })
})
