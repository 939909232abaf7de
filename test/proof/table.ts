// The findings as a table: fixed decimals and no locale, so that the same findings are the same bytes.
import { type Claim, type Finding, isMet } from './claim.ts'

/** Ends with a line break. */
export function table(results: readonly { readonly claim: Claim; readonly findings: readonly Finding[] }[]): string {
  const width = Math.max(...results.flatMap(({ findings }) => findings.map(({ what }) => what.length)))
  const parts = results.map(({ claim, findings }) => {
    const lines = findings.map((finding) => {
      const verdict = isMet(finding) ? 'met' : 'MISSED'
      return `  ${finding.what.padEnd(width)}  ${printed(finding, finding.value).padStart(10)}  ${promised(finding).padStart(12)}  ${verdict}`
    })
    return [claim.says, ...lines].join('\n')
  })
  return `${parts.join('\n\n')}\n`
}

function promised(finding: Finding): string {
  const { atLeast, atMost } = finding
  if (atLeast !== undefined) return `>= ${printed(finding, atLeast)}`
  return atMost === undefined ? '' : `<= ${printed(finding, atMost)}`
}

/** Shares are rounded down: only what has no failure at all is 100 %. */
function printed({ as = 'ratio' }: Finding, value: number): string {
  return as === 'share' ? `${(Math.floor(value * 1e4) / 1e2).toFixed(2)} %` : value.toFixed(2)
}
