// Opens what every role stands on: the data directory, the log, the store. The one place beside the roles' own main.ts that knows adapters.
import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { openEmbeddedLog } from './adapters/embedded-log/embedded-log.ts'
import { openSqliteStore } from './adapters/sqlite/sqlite-store.ts'
import type { Config } from './config.ts'
import { lockDataDirectory } from './data-directory.ts'
import { MeshgateError } from './errors.ts'
import type { Clock } from './ports/clock.ts'
import type { EventLog } from './ports/event-log.ts'
import type { Store } from './ports/store.ts'
import { CURSOR_KEY_BYTES } from './settings.ts'
import { systemClock } from './system-clock.ts'

export interface Platform {
  readonly log: EventLog
  readonly store: Store
  readonly clock: Clock
  readonly cursorKey: Uint8Array
  /** Where this process takes records, for those that find the data directory locked. */
  announce(url: string): Promise<void>
  /** Closes the store and the log, then lets the data directory go. */
  close(): Promise<void>
}

export async function openPlatform(config: Config, logger: Logger): Promise<Platform> {
  const directory = config.dataDirectory
  const lock = await lockDataDirectory(directory).catch((error: unknown) => {
    throw namingDirectory(error, directory)
  })
  const opened: { close(): Promise<void> }[] = [{ close: () => lock.release() }]
  const close = async () => {
    for (const part of opened.splice(0).toReversed()) await part.close()
  }
  try {
    const cursorKey = config.cursorKey ?? (await keptCursorKey(join(directory, 'cursor.key')))
    const log = await openEmbeddedLog({
      directory: join(directory, 'log'),
      clock: systemClock,
      onMaintenanceError: (error) => logger.warn({ err: error }, 'maintenance of the log failed; it is tried again'),
    })
    opened.push(log)
    const store = await openSqliteStore({
      directory: join(directory, 'store'),
      clock: systemClock,
      onSweepError: (error) => logger.warn({ err: error }, 'sweeping of the store failed; it is tried again'),
    })
    opened.push(store)
    return { log, store, clock: systemClock, cursorKey, announce: (url) => lock.announce({ url }), close }
  } catch (error) {
    await close().catch(() => undefined)
    throw namingDirectory(error, directory)
  }
}

/** What the system says of a directory that cannot be used. The error of a write names no file: it says at least where to make space. */
const UNUSABLE: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a file has its name, or that of a directory above it',
  EEXIST: 'a link of its name leads nowhere',
  ENOENT: 'it, or what it should hold, can neither be found nor made',
  ENAMETOOLONG: 'its name is too long',
}

function namingDirectory(error: unknown, directory: string): unknown {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return error
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new MeshgateError('DISK_FULL', `No space is left in ${directory}. Free some, then start again.`, error)
  }
  const reason = UNUSABLE[error.code]
  if (reason === undefined) return error
  const message = `The data directory ${directory} cannot be used: ${reason}. Mend that, or set MESHGATE_DATA_DIR to another.`
  return new MeshgateError('DATA_DIR_UNUSABLE', message, error)
}

/** On a laptop nobody configures a key: one is made once, readable by its owner only. Cursors outlive a restart by it. */
async function keptCursorKey(path: string): Promise<Uint8Array> {
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (kept === null) {
    const key = randomBytes(CURSOR_KEY_BYTES)
    // Renamed into place: a process killed here leaves no half of a key.
    const written = `${path}.new`
    await writeFile(written, `${key.toString('base64')}\n`, { mode: 0o600, flush: true })
    await rename(written, path)
    return new Uint8Array(key)
  }
  const key = Buffer.from(kept, 'base64')
  if (key.length === CURSOR_KEY_BYTES) return new Uint8Array(key)
  throw new MeshgateError(
    'CONFIG_INVALID',
    `${path} does not hold a key of ${CURSOR_KEY_BYTES} bytes. Delete it (open cursors end), or set MESHGATE_CURSOR_KEY.`,
  )
}
