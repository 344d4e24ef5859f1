// Finds the programs that real servers need on this machine, or says in one line what to install.
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { MeshgateError } from '../platform/errors.ts'

/** Kafka 4 runs on 17 and later; 17 is what Cassandra 5 is made for. */
const JAVA_MAJOR_MIN = 17

export type Environment = Readonly<Record<string, string | undefined>>

export interface Java {
  readonly executable: string
  readonly major: number
}

/** That of JAVA_HOME, else that of PATH. SERVICE_TOOL_MISSING. */
export async function findJava(environment: Environment): Promise<Java> {
  const home = environment['JAVA_HOME'] ?? ''
  const inHome = home === '' ? undefined : await findProgram('java', join(home, 'bin'))
  const executable = inHome ?? (await findProgram('java', environment['PATH']))
  if (executable === undefined) throw missing('java is not in PATH')
  const { stderr, stdout } = await promisify(execFile)(executable, ['-version']).catch((error: unknown) => {
    throw new MeshgateError('SERVICE_TOOL_MISSING', `${executable} does not run. ${INSTALL_JAVA}`, error)
  })
  const major = javaMajor(stderr + stdout)
  if (major < JAVA_MAJOR_MIN) throw missing(`${executable} is Java ${String(major)}`)
  return { executable, major }
}

/** SERVICE_TOOL_MISSING. */
export async function findMaven(environment: Environment): Promise<string> {
  const executable = await findProgram('mvn', environment['PATH'])
  if (executable !== undefined) return executable
  const what = 'mvn is not in PATH. Install Maven 3.6 or later (Debian: apt-get install maven)'
  throw new MeshgateError('SERVICE_TOOL_MISSING', `${what}: it fetches the jars of Kafka and Cassandra.`)
}

const INSTALL_JAVA = 'Install Java 17 (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME to one.'

function missing(what: string): MeshgateError {
  return new MeshgateError('SERVICE_TOOL_MISSING', `Kafka and Cassandra need Java 17, but ${what}. ${INSTALL_JAVA}`)
}

/** 17 of `openjdk version "17.0.15"`, 8 of `java version "1.8.0_402"`, 0 of anything else. */
function javaMajor(text: string): number {
  const [, first = '0', second = '0'] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? []
  return Number(first === '1' ? second : first)
}

async function findProgram(name: string, path = ''): Promise<string | undefined> {
  for (const directory of path.split(delimiter)) {
    if (directory === '') continue
    const file = join(directory, process.platform === 'win32' ? `${name}.exe` : name)
    const executable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (executable) return file
  }
  return undefined
}
