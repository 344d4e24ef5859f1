// Opens a shard file with the settings that its durability and speed rest on, and names SQLite's failures in our own codes.
import { statfsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'

// https://www.sqlite.org/rescode.html: the low byte is the primary code.
const SQLITE_FULL = 13
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26
const PRIMARY_CODE = 0xff
/** An I/O error with less space than this left is taken for a full disk: SQLite reports one while it grows its shared-memory file. */
const FULL_DISK_BYTES = 1_048_576

export function shardFile(directory: string, shard: number): string {
  return `${directory}/shard-${String(shard).padStart(2, '0')}.db`
}

export function openDatabase(file: string, use: 'write' | 'read' | 'checkpoint'): DatabaseSync {
  // A reader opens read-write as well: it may have to make the shared-memory file of the WAL.
  const database = new DatabaseSync(file, { timeout: limits.storeBusyTimeoutMs })
  const pragma = (text: string): void => database.exec(`PRAGMA ${text}`)
  if (use === 'write') {
    pragma(`page_size = ${limits.storePageBytes}`)
    pragma('journal_mode = WAL')
    // In WAL mode only FULL syncs at each commit: what is acknowledged survives a loss of power.
    pragma('synchronous = FULL')
    // The checkpoint thread does it, or the writer between two commits: wal.ts.
    pragma('wal_autocheckpoint = 0')
    pragma(`journal_size_limit = ${limits.storeWalPagesMax * limits.storePageBytes}`)
  } else if (use === 'read') pragma('query_only = ON')
  // What is in the file must be there to stay before the log is written over.
  else pragma('synchronous = FULL')
  if (use === 'write') pragma(`cache_size = -${limits.storeCacheKibibytes}`)
  if (use === 'read') pragma(`cache_size = -${limits.storeReadCacheKibibytes}`)
  return database
}

/** The error as the port names it. */
export function storeError(error: unknown, file: string): MeshgateError {
  if (error instanceof MeshgateError) return error
  const code = sqliteCode(error)
  const text = error instanceof Error ? error.message : String(error)
  if (code === SQLITE_FULL || (code === SQLITE_IOERR && isFull(file))) {
    return new MeshgateError(
      'STORE_DISK_FULL',
      `The store cannot write ${file}: no space is left. Free some; writes go on by themselves.`,
      error,
    )
  }
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return new MeshgateError(
      'STORE_CORRUPT',
      `${file} is damaged (${text}): restore it, or remove the store's directory and replay the topics.`,
      error,
    )
  }
  if (code === undefined) return new MeshgateError('INTERNAL', `The store failed at ${file}: ${text}`, error)
  return new MeshgateError(
    'STORE_UNAVAILABLE',
    `The store cannot use ${file} (${text}): check its disk and permissions.`,
    error,
  )
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & PRIMARY_CODE
}

function isFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(file)
    return bavail * bsize < FULL_DISK_BYTES
  } catch {
    return false
  }
}
