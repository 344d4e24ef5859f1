// How far the write-ahead log of a shard file has grown, and what is done about it.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { limits } from '../../limits.ts'

/** PASSIVE waits for nobody and lets everybody go on; RESTART brings in all and lets the next write begin at the log's start. */
export function checkpoint(database: DatabaseSync, mode: 'PASSIVE' | 'RESTART'): void {
  // A log that is in use all the time is no failure: the next attempt gets further.
  database.exec(`PRAGMA wal_checkpoint(${mode})`)
}

/** Tells the pages in the log, and how many of them are in the file. */
export function prepareWalPages(database: DatabaseSync): StatementSync {
  const statement = database.prepare('PRAGMA wal_checkpoint(NOOP)')
  statement.setReturnArrays(true)
  return statement
}

/**
 * What the writer does after a commit: where little is left to bring in, or the log has grown beyond what may be, it does it itself. True:
 * the checkpoint thread has something to do.
 */
export function tendWal(database: DatabaseSync, walPages: StatementSync): boolean {
  // The pragma gives three columns: busy, pages in the log, pages of them in the file.
  const [, logged, done] = walPages.get() as unknown as readonly [busy: number, logged: number, done: number]
  if (logged < limits.storeWalPagesMax) return false
  if (logged - done > limits.storeWalPagesLeft && logged < limits.storeWalPagesMax * limits.storeWalGrowthMax)
    return true
  checkpoint(database, 'RESTART')
  return false
}
