// The exclusive lock of a data directory: `lock.<number>.json` names its holder by process id and start time, so that a recycled id is no
// false lock, and says where the holder can be reached. The highest number counts. A dead holder is succeeded by linking the next number,
// which only one process can do; nothing is ever taken away from under a live one. Numbers never go back, so a released lock leaves its file.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants, copyFile, link, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MeshgateError } from './errors.ts'
import { makeDirectory } from './make-directory.ts'

/** Enough for any number of processes that find the same dead holder at once: each round one of them wins. */
const ATTEMPTS_MAX = 20

export interface LockInfo {
  /** Where the holder serves, if it does. */
  readonly url?: string
}

export interface LockHolder extends LockInfo {
  readonly pid: number
  /** When the process began, in words of its operating system; null where that cannot be told. */
  readonly startTime: string | null
}

export interface DataDirectoryLock {
  /** Says where this process can be reached, once that is known. */
  announce(info: LockInfo): Promise<void>
  release(): Promise<void>
}

/** Makes the directory if it is not there. Throws DATA_DIR_LOCKED, naming pid and url, while another holder lives. */
export async function lockDataDirectory(directory: string, info: LockInfo = {}): Promise<DataDirectoryLock> {
  await makeDirectory(directory)
  const own: LockHolder = { pid: process.pid, startTime: await processStartTime(process.pid) }
  const draft = join(directory, `lock.${randomUUID()}.draft`)
  await writeFile(draft, textOf({ ...own, ...info }))
  const path = await takeLock(directory, draft).finally(() => rm(draft, { force: true }))
  const replace = async (content: object): Promise<void> => {
    await writeFile(draft, textOf(content))
    await rename(draft, path)
  }
  return {
    announce: (later) => replace({ ...own, ...later }),
    release: () => replace({ released: true }),
  }
}

/** The live holder of the directory, or null. Changes nothing. */
export async function readLock(directory: string): Promise<LockHolder | null> {
  const newest = (await lockNumbers(directory))[0]
  return newest === undefined ? null : await liveHolder(join(directory, lockName(newest)))
}

/** Returns the path of the lock taken. */
async function takeLock(directory: string, draft: string): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const [newest = 0] = await lockNumbers(directory)
    const holder = newest === 0 ? null : await liveHolder(join(directory, lockName(newest)))
    if (holder !== null) throw lockedError(directory, holder)
    const number = newest + 1
    const path = join(directory, lockName(number))
    if (!(await claim(draft, path))) continue
    const [highest = 0, ...older] = await lockNumbers(directory)
    if (highest === number) {
      for (const each of older) await rm(join(directory, lockName(each)), { force: true })
      return path
    }
    // Others took and succeeded one another since this process looked; its number was free only because they had tidied up.
    await rm(path, { force: true })
  }
  throw new MeshgateError('DATA_DIR_LOCKED', `${directory}: too many processes start in it at once. Start one.`)
}

/** Whether the path was free. Some file systems (FAT, some shares) have no links; an exclusive copy is nearly as good there. */
async function claim(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path).catch(async (error: unknown) => {
      if (codeOf(error) === 'EEXIST') throw error
      await copyFile(draft, path, constants.COPYFILE_EXCL)
    })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function lockName(number: number): string {
  return `lock.${String(number)}.json`
}

/** Numbers of the lock files, the highest first. */
async function lockNumbers(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const numbers = names.map((name) => Number(/^lock\.(\d+)\.json$/.exec(name)?.[1] ?? 0))
  return numbers.filter((number) => number > 0).toSorted((a, b) => b - a)
}

async function liveHolder(path: string): Promise<LockHolder | null> {
  const holder = parseHolder((await readText(path)) ?? '')
  if (holder === null || !processExists(holder.pid)) return null
  const startTime = await processStartTime(holder.pid)
  const same = startTime === null || holder.startTime === null || startTime === holder.startTime
  return same ? holder : null
}

/** Null for a released lock, and for what a loss of power has left of one: no process survives that. */
function parseHolder(text: string): LockHolder | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof parsed !== 'object' || parsed === null) return null
  const { pid, startTime, url } = parsed as Record<string, unknown>
  if (typeof pid !== 'number') return null
  return {
    pid,
    startTime: typeof startTime === 'string' ? startTime : null,
    ...(typeof url === 'string' ? { url } : {}),
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there and belongs to somebody else.
    return codeOf(error) === 'EPERM'
  }
}

/** Distinguishes two processes that had one id. Null where the system does not say; '' where the process has ended and is not yet reaped. */
export async function processStartTime(pid: number): Promise<string | null> {
  if (process.platform === 'win32') return null
  if (process.platform === 'linux') {
    const stat = await readText(`/proc/${String(pid)}/stat`)
    const boot = await readText('/proc/sys/kernel/random/boot_id')
    if (stat === null || boot === null) return null
    // The command, in parentheses, may contain anything; state and start time are the 1st and 20th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? '' : `${boot.trim()}:${fields[19] ?? ''}`
  }
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)])
    return stdout.trim()
  } catch {
    return null
  }
}

function lockedError(directory: string, holder: LockHolder): MeshgateError {
  const where = holder.url === undefined ? '' : ` at ${holder.url}`
  const who = `process ${String(holder.pid)}${where}`
  const remedy =
    'End it, or set MESHGATE_DATA_DIR to another directory. Several processes of one mesh need Kafka and Cassandra: MESHGATE_KAFKA_BROKERS and MESHGATE_CASSANDRA_CONTACT_POINTS.'
  return new MeshgateError('DATA_DIR_LOCKED', `The data directory ${directory} is in use by ${who}. ${remedy}`)
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return null
  }
}

function textOf(content: object): string {
  return `${JSON.stringify(content)}\n`
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
