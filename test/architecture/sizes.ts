// Files stay small enough to be read in one sitting; a long one is a decision that somebody wrote down.
import { isTest, linesOf, type Source, type Violation, violation } from './sources.ts'

const longest = 300
const longestMedian = 100
const longestMedianOfAdapter = 80
/** What stands in these is of other people's servers and libraries; of fewer files a median says nothing. */
const rolesOfAdapters = ['discovery', 'log', 'metrics', 'resilience']
const leastFiles = 3

/** Refuses sources above 300 lines that no decision page names, and a median above 100. Tests are exempt. */
export function sizes(sources: readonly Source[], decisions: readonly string[]): Violation[] {
  const long = sources.filter((source) => !isTest(source) && linesOf(source) > longest)
  const undecided = long.filter(({ path }) => !decisions.some((page) => page.includes(path)))
  const median = medianLines(sources)
  const overall = `the median source has ${median} lines, more than ${longestMedian}: split the longest ones`
  return [
    ...undecided.map((source) => violation(source, `has ${linesOf(source)} lines, more than ${longest}: ${advice}`)),
    ...(median > longestMedian ? [{ file: 'src/', line: 1, message: overall }] : []),
  ]
}

const advice = 'split it, or name its path in a page of docs/decisions/ that says why not'

/** Refuses adapters whose median source is above 80 lines: what makes them longer belongs to the role, or to platform/. */
export function adapterSizes(sources: readonly Source[]): Violation[] {
  const folders = Map.groupBy(
    sources.filter((source) => !isTest(source)),
    ({ path }) => path.slice(0, path.lastIndexOf('/') + 1),
  )
  return [...folders].flatMap(([file, inFolder]) => {
    const [, role = '', technology = ''] = file.split('/')
    const median = medianLines(inFolder)
    const isAdapter = rolesOfAdapters.includes(role) && technology !== '' && inFolder.length >= leastFiles
    if (!isAdapter || median <= longestMedianOfAdapter) return []
    const message = `the median source has ${median} lines, more than ${longestMedianOfAdapter}: move what others need down`
    return [{ file, line: 1, message }]
  })
}

/** The median length of the sources that are no tests; 0 when there are none. */
export function medianLines(sources: readonly Source[]): number {
  const lengths = sources
    .filter((source) => !isTest(source))
    .map(linesOf)
    .sort((a, b) => a - b)
  const upper = lengths[lengths.length >> 1] ?? 0
  const lower = lengths[(lengths.length - 1) >> 1] ?? 0
  return (lower + upper) / 2
}
