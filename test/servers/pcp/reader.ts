// Reads files of memory mapped values with PCP's own programs: mmvdump, which shows the file itself, and the agent pmdammv inside of pminfo.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { addressOf } from '../addresses.ts'
import { libraryPath } from '../apt.ts'

/** What a program said, and how it ended. */
export interface Told {
  readonly code: number
  readonly text: string
}

/** One value as PCP sees it. */
export interface SeenValue {
  /** As in `mmv.shop.calls`. */
  readonly metric: string
  /** Empty where the metric has but one value. */
  readonly instance: string
  readonly value: number
}

/** A PCP of a test's own, that looks for files in one folder. */
export interface PcpReader extends AsyncDisposable {
  /** Where files are to be. */
  readonly folder: string
  /** What mmvdump shows of a file. */
  dump(file: string): Promise<Told>
  /** What pminfo says when it is given these arguments, with pmdammv in its own process. */
  pminfo(...args: readonly string[]): Promise<Told>
  /** What pmdammv knows of all files. */
  values(): Promise<readonly SeenValue[]>
  /** pmval, which keeps the file mapped and prints the value of a metric all the time. */
  watch(metric: string): ChildProcess
}

const domain = 70

export async function pcpReader(): Promise<PcpReader> {
  const root = await mkdtemp(join(tmpdir(), 'servicekit-pcp-'))
  const folder = join(root, 'mmv')
  const installed = join(dirname(addressOf('pcp', 'pminfo')), '../..')
  const agent = join(dirname(addressOf('pcp', 'mmvdump')), 'pmda_mmv.so')
  const names = join(root, 'names')
  const configuration = join(root, 'pcp.conf')
  await mkdir(folder)
  await mkdir(join(root, 'var/pmns'), { recursive: true })
  await writeFile(names, `root {\n\tmmv\t${domain}:*:*\n}\n`)
  const settings = {
    PCP_TMP_DIR: root,
    PCP_RUN_DIR: root,
    PCP_LOG_DIR: root,
    PCP_TMPFILE_DIR: root,
    PCP_VAR_DIR: join(root, 'var'),
    PCP_SYSCONF_DIR: join(installed, 'etc/pcp'),
    PCP_PMDAS_DIR: join(installed, 'usr/lib/pcp/pmdas'),
    PCP_BIN_DIR: join(installed, 'usr/bin'),
    PCP_BINADM_DIR: join(installed, 'usr/lib/pcp/bin'),
    PCP_LIB_DIR: join(installed, 'usr/lib'),
    PCP_SHARE_DIR: join(installed, 'usr/share/pcp'),
    PCP_PLATFORM: 'linux',
    PCP_VERSION: '6.0.3',
  }
  await writeFile(
    configuration,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
  const env = {
    ...process.env,
    PCP_CONF: configuration,
    LD_LIBRARY_PATH: `${join(installed, 'usr/lib')}:${libraryPath(installed)}`,
  }
  const agentArgs = ['-L', '-K', 'clear', '-K', `add,${domain},${agent},mmv_init`, '-n', names]
  const run = (program: string, args: readonly string[]) =>
    new Promise<Told>((resolve) => {
      execFile(addressOf('pcp', program), args, { env, timeout: 20_000, maxBuffer: 2 ** 26 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), text: `${out}${err}` }),
      )
    })
  const pminfo = (...args: readonly string[]) => run('pminfo', [...agentArgs, ...args])
  return {
    folder,
    dump: (file) => run('mmvdump', [file]),
    pminfo,
    values: async () => valuesIn((await pminfo('-f', 'mmv')).text),
    watch: (metric) =>
      spawn(addressOf('pcp', 'pmval'), [...agentArgs, '-t', '0.1', '-f', '6', metric], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

function valuesIn(text: string): SeenValue[] {
  return text.split(/\n\n/).flatMap((block) => {
    const [metric = '', ...lines] = block.trim().split('\n')
    if (metric.startsWith('mmv.control.')) return []
    return lines.flatMap((line) => {
      const [, instance = '', value] = /^ +(?:inst \[-?\d+ or "(.*)"\] )?value (\S+)$/.exec(line) ?? []
      return value === undefined ? [] : [{ metric, instance, value: Number(value) }]
    })
  })
}
