// What is there to try when the story is over.
import type { Screen } from './screen.ts'
import { Watch } from './show.ts'
import type { Stage } from './stage.ts'

// So that the live line goes on, while there is room for the calls of whoever tries it.
const callsPerSecond = 20

/** Shows lines to try, and goes on with some load, until the stage is closed. */
export function stayUp(stage: Stage, screen: Screen): Disposable {
  const [[id, pid] = ['a', 0]] = stage.pids
  const hello = `-d '{"s":"hello, world"}'`
  screen.write([
    'It stays up until Ctrl-C. To try:',
    `  curl ${hello} ${stage.url}/uppercase`,
    `  curl ${hello} ${stage.url}/count`,
    `  curl -s ${stage.url}/metrics | grep rpc_client`,
    `  kill -9 ${pid}  # instance ${id}`,
    '',
  ])
  stage.driver.start(callsPerSecond)
  return new Watch(stage, screen)
}
