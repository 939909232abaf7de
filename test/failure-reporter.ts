// Shows a run to a person: a dot for what passed, the whole story of what failed as soon as it is known.
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'
import { isOnlyItsChildren } from './count-reporter.ts'

type Failed = Extract<TestEvent, { type: 'test:fail' }>['data']

// biome-ignore lint/style/noDefaultExport: node:test takes a reporter from its module's default export
export default async function* failureReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let dots = 0
  const path: string[] = []
  const ownLine = (text: string): string => {
    const lead = dots > 0 ? '\n' : ''
    dots = 0
    return `${lead}${text.trimEnd()}\n`
  }
  for await (const { type, data } of events) {
    if (type === 'test:start') path.splice(data.nesting, path.length, data.name)
    else if (type === 'test:stdout' || type === 'test:stderr') yield ownLine(data.message)
    // Diagnostics without a file are the runner's own summary, which run.ts prints for all runs together.
    else if (type === 'test:diagnostic' && data.file !== undefined) yield ownLine(`ℹ ${data.message}`)
    else if (type === 'test:fail' && data.todo === undefined && !isOnlyItsChildren(data.details.error))
      yield ownLine(failure([...path.slice(0, data.nesting), data.name], data))
    // The run was told to end: by a person, or because it took too long.
    else if (type === 'test:interrupted')
      yield ownLine(`✖ was running: ${data.tests.map(({ name }) => name).join(', ')}`)
    else if (type === 'test:pass' && typeof data.skip === 'string' && data.skip !== '')
      yield ownLine(`﹣ ${[...path.slice(0, data.nesting), data.name].join(' › ')}: ${data.skip}`)
    else if (type === 'test:pass' && data.details.type !== 'suite') {
      dots = (dots + 1) % 100
      yield dots === 0 ? '.\n' : '.'
    }
  }
  if (dots > 0) yield '\n'
}

function failure(path: readonly string[], { file, line, details: { error } }: Failed): string {
  const where = file === undefined ? '' : ` (${relative('.', file)}:${line})`
  return `✖ ${path.join(' › ')}${where}\n${story(error)}`.replaceAll('\n', '\n  ')
}

function story(error: Error): string {
  // A file whose process failed has told the reason on stderr; only how it ended is left to say.
  if ('exitCode' in error) return 'signal' in error ? `ended by ${error.signal ?? error.exitCode}` : ''
  return typeof error.cause === 'string' ? error.cause : inspect(error.cause ?? error)
}
