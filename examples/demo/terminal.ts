// A terminal as far as the screen uses one: for tests, and for the recording.

const introducer = '\u001b'
const commands = new RegExp(`${introducer}\\[(\\d*)([A-Za-z])|\\r|\\n|[^${introducer}\\r\\n]+`, 'g')

/** The lines that it shows after a text was written to it. Colours are left out. Throws an Error for a command that the screen does not use. */
export function terminal(written: string): string[] {
  const lines = ['']
  let row = 0
  let column = 0
  for (const [text, number = '', command] of written.matchAll(commands)) {
    const line = lines[row] ?? ''
    if (command === 'A') row -= Number(number)
    else if (command === 'K') lines[row] = line.slice(0, column)
    else if (command === 'J') lines.splice(row, Infinity, line.slice(0, column))
    else if (command === 'm') continue
    else if (command !== undefined) throw new Error(`what does ${JSON.stringify(text)} mean?`)
    else if (text === '\r') column = 0
    else if (text === '\n') {
      // As terminals do for programs that print lines.
      column = 0
      if (++row === lines.length) lines.push('')
    } else {
      lines[row] = line.slice(0, column) + text + line.slice(column + text.length)
      column += text.length
    }
  }
  return lines
}
