// The jars of a server: copied once per version from Maven's repository into a cache that git ignores. Several starts at once copy once.
// Maven's own settings (mirrors, proxies, a local repository elsewhere) hold.
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify, stripVTControlCharacters } from 'node:util'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import { makeDirectory } from '../platform/make-directory.ts'
import { findMaven, type Environment } from './java-tools.ts'
import { withStartLock } from './start-lock.ts'

const REASON_CHARACTERS_MAX = 400
const JARS_DIRECTORY = fileURLToPath(new URL('../.meshgate/jars/', import.meta.url))

export type ServerName = 'kafka' | 'cassandra'

/** The directory of the jars. SERVICE_TOOL_MISSING, SERVICE_JARS_UNAVAILABLE. */
export async function serverJars(name: ServerName, environment: Environment): Promise<string> {
  const pom = fileURLToPath(new URL(`./${name}-pom.xml`, import.meta.url))
  const wanted = await readFile(pom, 'utf8')
  const version = /<version>(.+?)<\/version>/.exec(wanted)?.[1] ?? 'unknown'
  const directory = join(JARS_DIRECTORY, `${name}-${version}`)
  if (await holds(directory, wanted)) return directory
  await makeDirectory(JARS_DIRECTORY)
  // One lock for all servers: Maven's repository is not made for two that fill it at once.
  await withStartLock(JARS_DIRECTORY, async () => {
    if (await holds(directory, wanted)) return
    const copy = await mkdtemp(join(JARS_DIRECTORY, `${name}-copying-`))
    try {
      await copyJars(pom, copy, { title: `${name} ${version}`, environment })
      // Written last: a directory without it is no cache.
      await copyFile(pom, join(copy, 'pom.xml'))
      await rm(directory, { recursive: true, force: true })
      await rename(copy, directory)
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
  })
  return directory
}

async function holds(directory: string, wanted: string): Promise<boolean> {
  return (await readFile(join(directory, 'pom.xml'), 'utf8').catch(() => '')) === wanted
}

interface CopyContext {
  readonly title: string
  readonly environment: Environment
}

async function copyJars(pom: string, directory: string, { title, environment }: CopyContext): Promise<void> {
  const maven = await findMaven(environment)
  // By its full name: the short one asks the network for more. The version is in the pom.
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies'
  const args = ['-q', '-B', '-Dstyle.color=never', '-f', pom, goal, `-DoutputDirectory=${directory}`]
  try {
    await promisify(execFile)(maven, args, {
      env: environment,
      timeout: limits.serviceJarsMsMax,
      killSignal: 'SIGKILL',
    })
  } catch (error) {
    const fix = "Check the network, or the mirrors in Maven's settings (~/.m2/settings.xml), and start again."
    throw new MeshgateError(
      'SERVICE_JARS_UNAVAILABLE',
      `Maven cannot get the jars of ${title}: ${reasonOf(error)}. ${fix}`,
      error,
    )
  }
}

/** The first error line of Maven, which marks each and adds a page of advice; of what it was part of, only what failed in the end. */
function reasonOf(error: unknown): string {
  const { stdout = '', stderr = '', killed = false } = error as { stdout?: string; stderr?: string; killed?: boolean }
  if (killed) return `nothing after ${String(limits.serviceJarsMsMax / 60_000)} minutes`
  const lines = stripVTControlCharacters(`${stdout}\n${stderr}`).split('\n')
  const line = lines.find((text) => text.startsWith('[ERROR] '))?.slice('[ERROR] '.length) ?? String(error)
  const failed = line.slice(Math.max(0, line.search(/Could not (?:find|transfer)/)))
  return failed
    .replace(/ -> \[Help \d+\]$/, '')
    .replace(/\.$/, '')
    .slice(0, REASON_CHARACTERS_MAX)
}
