// The exclusive lock of a data directory: a file that names its holder by process id and start time, so that a recycled id is no false lock,
// and says where the holder can be reached. It is taken by an atomic link, and taken over from a holder that has died.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants, copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MeshgateError } from './errors.ts'

const LOCK_FILE = 'lock.json'
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
  await mkdir(directory, { recursive: true })
  const path = join(directory, LOCK_FILE)
  const token = randomUUID()
  const own = { pid: process.pid, startTime: await processStartTime(process.pid), token }
  const proposal = `${path}.${token}`
  await writeFile(proposal, textOf({ ...own, ...info }))
  try {
    await takeLock(directory, path, proposal)
  } finally {
    await rm(proposal, { force: true })
  }
  return {
    announce: async (later) => {
      await writeFile(proposal, textOf({ ...own, ...later }))
      await rename(proposal, path)
    },
    release: async () => {
      // Only what is ours: it may have been taken over after this process was believed dead.
      if ((await readText(path))?.includes(token) === true) await rm(path, { force: true })
    },
  }
}

/** The live holder of the directory, or null. Changes nothing. */
export async function readLock(directory: string): Promise<LockHolder | null> {
  const text = await readText(join(directory, LOCK_FILE))
  return text === null ? null : await liveHolder(text)
}

async function takeLock(directory: string, path: string, proposal: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      await claim(proposal, path)
      return
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const found = await readText(path)
    if (found === null) continue
    const holder = await liveHolder(found)
    if (holder !== null) throw lockedError(directory, holder)
    await removeStale(path, found, `${proposal}.stale`)
  }
  throw new MeshgateError(
    'DATA_DIR_LOCKED',
    `${path} changes all the time: too many processes start at once. Start one.`,
  )
}

/** EEXIST if the path is taken. Some file systems (FAT, some shares) have no links; an exclusive copy is nearly as good there. */
async function claim(from: string, path: string): Promise<void> {
  try {
    await link(from, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error
    await copyFile(from, path, constants.COPYFILE_EXCL)
  }
}

/** Takes a dead holder's file out of the way. If another process was faster, what was moved is its live lock: it goes back. */
async function removeStale(path: string, stale: string, aside: string): Promise<void> {
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if ((await readText(aside)) !== stale) await claim(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

async function liveHolder(text: string): Promise<LockHolder | null> {
  const holder = parseHolder(text)
  if (holder === null || !processExists(holder.pid)) return null
  const startTime = await processStartTime(holder.pid)
  const same = startTime === null || holder.startTime === null || startTime === holder.startTime
  return same ? holder : null
}

/** Null for what is no lock: a file is linked whole, so only a loss of power leaves such a one, and no process survives that. */
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
async function processStartTime(pid: number): Promise<string | null> {
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
  const remedy = 'End it, or set MESHGATE_DATA_DIR to another directory.'
  return new MeshgateError('DATA_DIR_LOCKED', `The data directory ${directory} is in use by ${who}. ${remedy}`)
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return null
  }
}

function textOf(holder: LockHolder & { readonly token: string }): string {
  return `${JSON.stringify(holder)}\n`
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
