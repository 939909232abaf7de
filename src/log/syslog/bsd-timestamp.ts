// Moments as BSD's syslog writes them: without a year, in the local time of the process.

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Makes a function that gives the text of a moment, milliseconds since the epoch: `Nov  1 17:04:05`. It remembers the second before. RFC 3164, 4.1.2. */
export function bsdTimestamps(): (at: number) => string {
  let secondShown = NaN
  let text = ''
  return (at) => {
    const second = Math.floor(at / 1_000)
    if (second === secondShown) return text
    const moment = new Date(second * 1_000)
    // Nothing in this format stands for a moment that is none.
    const shown = Number.isNaN(Number(moment)) ? new Date(0) : moment
    const two = (n: number) => String(n).padStart(2, '0')
    const time = [shown.getHours(), shown.getMinutes(), shown.getSeconds()].map(two).join(':')
    text = `${months[shown.getMonth()]} ${String(shown.getDate()).padStart(2)} ${time}`
    secondShown = second
    return text
  }
}
