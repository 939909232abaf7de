// Loaded into each test file's process: fails a file that stays alive after its last test, and names what holds it open, instead of hanging the run.
import { after } from 'node:test'

const graceMs = 10_000

// The process that starts the files loads this too, and must wait for them as long as it takes.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  after(() => {
    setTimeout(() => {
      const held = process.getActiveResourcesInfo().join(', ')
      console.error(`still running ${graceMs / 1_000} s after its last test, held open by: ${held}`)
      process.exit(1)
    }, graceMs).unref()
  })
}
