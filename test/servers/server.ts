// What a real server of the integration tests is: where it comes from, how it is started and asked, so that one more is one file.

/** Runs the programs of one installation and says how far it is. */
export interface InstallTask {
  /** Empty, and thrown away unless the installation comes to its end. */
  readonly folder: string
  /** A line of progress. */
  say(line: string): void
  /** Gives what a program printed; rejects with the end of it when the program fails. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<string>
}

/** Where and with what a program runs. */
export interface RunOptions {
  readonly cwd?: string | undefined
  /** On top of the environment there is. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** Where a server comes from: one of the ordinary package clients. */
export interface Source {
  /** The client. What comes by the same one is installed one after the other, for they share locks, caches and memory. */
  readonly client: string
  /** As in `Debian's prometheus`. */
  readonly label: string
  /** Files whose content pins what is installed: when one changes, the server is installed anew. */
  readonly pins: readonly string[]
  /** Why it cannot be had on this machine, and what would bring it; undefined where it can. */
  missing(): Promise<string | undefined>
  /** Fills the folder and gives the version. */
  install(task: InstallTask): Promise<string>
}

/** What a server is started in. */
export interface Place<Port extends string = string> {
  /** What the source filled. */
  readonly installed: string
  /** The server's own, for its configuration and data. It stays until the server is started afresh. */
  readonly folder: string
  /** Free on 127.0.0.1, for TCP and for UDP. */
  readonly ports: Readonly<Record<Port, number>>
}

/** The process to start. It stays in the foreground, and whatever it starts stays in its process group. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** How a server is run. */
export interface Serving<Port extends string = string> {
  readonly ports: readonly Port[]
  /** Writes the configuration, if there is one, and says what to start. */
  launch(place: Place<Port>): Launch | Promise<Launch>
  /** Whether it answers what only a server that is ready answers. Throwing means no. */
  isReady(place: Place<Port>): boolean | Promise<boolean>
  /** By key; `url` is what most tests want, and what the table shows. */
  addresses(place: Place<Port>): Readonly<Record<string, string>>
  /** @default 30_000 */
  readonly readyWithinMs?: number | undefined
  /** Asks it to end. @default SIGTERM */
  readonly stopSignal?: NodeJS.Signals | undefined
}

/** One real server, or the programs of one where there is nothing to serve. */
export interface Server<Port extends string = string> {
  /** In kebab-case: the name on the command line, in the environment of the tests and in folders. */
  readonly name: string
  readonly source: Source
  /** Programs for tests to call, by key, as paths in what was installed. @default none */
  readonly programs?: Readonly<Record<string, string>> | undefined
  /** @default nothing runs */
  readonly serving?: Serving<Port> | undefined
}
