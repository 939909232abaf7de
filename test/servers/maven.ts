// Maven projects as a source: one jar, built from a pom.xml, which pins what it is made of. It needs a JDK, as running it does.
import { copyFile, cp, mkdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findProgram, run } from './command.ts'
import type { Source } from './server.ts'

export interface MavenProject {
  /** Has pom.xml. */
  readonly folder: string
  /** As it is shown: `Spring Cloud Netflix Eureka`. */
  readonly title: string
  /** Sources of ours, in the folder. */
  readonly sources: readonly string[]
  /** What the build gives, as a path in its folder: `target/x.jar`. */
  readonly jar: string
  /** The first group is the version that is shown, in pom.xml. */
  readonly version: RegExp
}

/** The oldest Java that builds and runs them. */
const leastJava = 17

/** The jar comes to lie in the folder, under its own name. What it is made of is kept in the user's repository, as Maven does. */
export function maven({ folder, title, sources, jar, version }: MavenProject): Source {
  const files = ['pom.xml', ...sources]
  return {
    client: 'mvn',
    label: `${title} of Maven`,
    pins: files.map((file) => join(folder, file)),
    missing: async () => {
      if (findProgram('mvn') === undefined) return 'needs mvn on the PATH: Debian has it as maven'
      const found = await javaVersion()
      if (found !== undefined && found >= leastJava) return undefined
      return `needs a JDK of Java ${leastJava} or later on the PATH${found === undefined ? '' : `, which has ${found}`}`
    },
    install: async (task) => {
      const build = join(task.folder, 'build')
      await mkdir(build)
      for (const file of files) await cp(join(folder, file), join(build, file), { recursive: true })
      task.say(`building ${basename(jar)} with mvn`)
      await task.run('mvn', ['--quiet', '--batch-mode', '--no-transfer-progress', '-DskipTests', 'package'], {
        cwd: build,
      })
      await copyFile(join(build, jar), join(task.folder, basename(jar)))
      await rm(build, { recursive: true, force: true })
      return version.exec(await readFile(join(folder, 'pom.xml'), 'utf8'))?.[1] ?? ''
    },
  }
}

/** The Java to run a jar with: that which builds it. */
export function javaProgram(): string {
  return find('java') ?? 'java'
}

// Maven takes that of JAVA_HOME first.
const find = (name: string) => {
  const home = process.env['JAVA_HOME']
  return home ? findProgram(name, join(home, 'bin')) : findProgram(name)
}

/** Of the compiler: where only Java itself is there, nothing can be built. */
async function javaVersion(): Promise<number | undefined> {
  const compiler = find('javac')
  if (compiler === undefined) return undefined
  const said = /^javac (\d+)/.exec(await run(compiler, ['--version']).catch(() => ''))?.[1]
  return said === undefined ? undefined : Number(said)
}
