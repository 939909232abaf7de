import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Screen } from './screen.ts'
import { terminal } from './terminal.ts'

function shown(columns: number, environment = {}) {
  const written: string[] = []
  const output = { isTTY: true, columns, write: (text: string) => written.push(text) }
  const screen = new Screen({ output, environment: { NO_COLOR: '1', ...environment } })
  return { screen, written, lines: () => terminal(written.join('')) }
}

describe('Screen', () => {
  it('redraws what changes in place, below what stays', () => {
    const { screen, lines } = shown(60)
    screen.say('begins')
    screen.status(['1 s', 'all well'])
    screen.say('killing b', ' 1.0 s  ')
    screen.status(['10 s', 'b gone'])
    assert.deepEqual(lines(), ['begins', ' 1.0 s  killing b', '10 s  b gone'])
    screen.clear()
    assert.deepEqual(lines(), ['begins', ' 1.0 s  killing b', ''])
  })

  it('takes as many lines as it needs, fewer the next time, and none is longer than the terminal', () => {
    const { screen, lines } = shown(30)
    const parts = Array.from({ length: 9 }, (_, at) => `part ${at}`)
    screen.say('one two three four five six seven eight', ' 1.0 s  ')
    screen.status(parts)
    assert.deepEqual(lines().slice(2), ['part 0  part 1  part 2', 'part 3  part 4  part 5', 'part 6  part 7  part 8'])
    screen.status(['done'])
    assert.deepEqual(lines(), [' 1.0 s  one two three four', '        five six seven eight', 'done'])
    assert.ok(lines().every(({ length }) => length < 30))
  })

  it('writes each line once where nothing can be redrawn, without colours, and not every change', () => {
    for (const output of [{ isTTY: false }, { isTTY: true, columns: 60 }]) {
      const written: string[] = []
      const screen = new Screen({
        output: { ...output, write: (text: string) => written.push(text) },
        environment: { TERM: 'dumb' },
      })
      screen.say('killing b', ' 1.0 s  ')
      screen.status(['1 s', 'all well'], 1_000)
      screen.status(['1.3 s', 'all well'], 1_300)
      screen.status(['2 s', 'all well'], 2_000)
      screen.clear()
      assert.deepEqual(written, [' 1.0 s  killing b\n', '1 s  all well\n', '2 s  all well\n'])
    }
  })

  it('dims what matters less, unless nobody wants colours', () => {
    for (const [noColor, expected] of [
      ['', '\u001b[2m1 s  \u001b[22mkilling b'],
      ['1', '1 s  killing b'],
    ] as const) {
      const { screen, written } = shown(60, { NO_COLOR: noColor })
      screen.say('killing b', '1 s  ')
      assert.equal(written.join('').includes(expected), true)
    }
  })
})
