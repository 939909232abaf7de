// Records a run of the demo for the README: node examples/demo/record.ts docs/demo.svg
import { writeFileSync } from 'node:fs'
import { type Frame, recording } from './recording.ts'
import { Screen } from './screen.ts'
import { isKept, opening, setting, show, tableOf } from './show.ts'
import { Stage } from './stage.ts'
import { callsPerSecond } from './story.ts'
import { terminal } from './terminal.ts'

const columns = 92

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('the name of the file to write is missing')

let written = '$ ./dev demo --once\n'
const startedAt = performance.now()
const frames: Frame[] = [{ atMs: 0, lines: terminal(written) }]
const output = {
  isTTY: true,
  columns: columns + 1,
  write: (text: string) => {
    written += text
    frames.push({ atMs: Math.round(performance.now() - startedAt), lines: terminal(written) })
  },
}
const screen = new Screen({ output, environment: {} })
screen.say(setting)
await using stage = await Stage.set({
  port: 8080,
  callsPerSecond,
  onLoss: (what) => {
    throw new Error(`${what}, which is no part of the story`)
  },
})
screen.say(opening(stage))
const summary = await show(stage, screen)
screen.write(['', ...tableOf(summary, screen.columns)])
if (!isKept(summary)) throw new Error('calls failed: this is not what should be shown')
const svg = recording(frames, columns)
writeFileSync(file, svg)
console.log(`${file}: ${frames.length} frames, ${svg.length} bytes`)
