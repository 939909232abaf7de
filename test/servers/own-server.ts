// A server of one test's own, for tests that let it crash: the others' stay up.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installationOf } from './installation.ts'
import { placesOf } from './places.ts'
import { isAlive, type Running, readRecord } from './record.ts'
import type { Server } from './server.ts'
import { startServer } from './start-server.ts'
import { killServer, stopServer } from './stop-server.ts'

export interface OwnServer extends AsyncDisposable {
  /** They stay the same over crashes. */
  readonly addresses: Readonly<Record<string, string>>
  readonly isUp: boolean
  /** Ends it as a crash would. */
  crash(): Promise<void>
  /** Starts it again on the same ports, with the data of before. */
  restart(): Promise<void>
}

/** Starts one; disposing it stops it. Rejects when it is not installed: see `skipUnless`. */
export async function ownServer(server: Server, cache: string = placesOf().cache): Promise<OwnServer> {
  const installation = installationOf(server, cache)
  if (installation === undefined)
    throw new Error(`${server.name} is not installed: ./dev servers install ${server.name}`)
  const folder = mkdtempSync(join(tmpdir(), 'servicekit-server-'))
  const { ports, addresses }: Running = await startServer(server, installation, { folder }).catch((error) => {
    rmSync(folder, { recursive: true, force: true })
    throw error
  })
  const isUp = () => {
    const running = readRecord(folder)
    return running !== undefined && isAlive(running)
  }
  // A test file that ends early must not leave it behind.
  const atExit = () => killServer(folder)
  process.once('exit', atExit)
  return {
    addresses,
    get isUp() {
      return isUp()
    },
    crash: async () => {
      killServer(folder)
      await stopServer(folder)
    },
    restart: async () => {
      await startServer(server, installation, { folder, ports })
    },
    [Symbol.asyncDispose]: async () => {
      await stopServer(folder)
      process.off('exit', atExit)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
