// Moments as text: RFC 3339 in UTC with milliseconds, made anew only as far as they have changed.

/**
 * Makes a function that gives the text of a moment, milliseconds since the epoch: `2026-11-21T17:04:05.123Z`. It remembers the one
 * before, so each kind of moments should have one of its own: times of records, or deadlines.
 */
export function timestamps(): (at: number) => string {
  let secondShown = NaN
  let upToSecond = ''
  let momentShown = NaN
  let text = ''
  return (at) => {
    if (at === momentShown) return text
    // In whole milliseconds first: divided, the smallest numbers below zero are zero.
    const wholeAt = Math.floor(at)
    const second = Math.floor(wholeAt / 1_000)
    if (second !== secondShown) {
      const whole = new Date(second * 1_000)
      if (Number.isNaN(Number(whole))) return 'Invalid Date'
      upToSecond = whole.toISOString().slice(0, -4)
      secondShown = second
    }
    const ms = wholeAt - second * 1_000
    momentShown = at
    text = `${upToSecond}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`
    return text
  }
}
