// autocannon in a process that stays, so that its code is warm whoever is loaded.
import autocannon from 'autocannon'
import { answer } from './worker.ts'

const { path, ...settings }: { path: string } = JSON.parse(process.argv[2] ?? '')
const headers = { 'content-type': 'application/json' }

async function load(url: string) {
  const startedAt = performance.now()
  const result = await autocannon({ ...settings, url: `${url}${path}`, headers })
  const seconds = (performance.now() - startedAt) / 1_000
  return { calls: result['2xx'], seconds, failed: result.non2xx + result.errors + result.timeouts }
}

answer({}, { load })
