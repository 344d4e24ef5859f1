// Opens the embedded store in a directory: finds or makes its shard files and starts its threads.
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Store } from '../../ports/store.ts'
import { shardFile } from './open-database.ts'
import { ShardedStore, type SqliteStoreOptions } from './sharded-store.ts'

/** The store of the directory. Rejects with STORE_UNAVAILABLE, STORE_DISK_FULL or STORE_CORRUPT where it cannot be opened. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const shards = prepareDirectory(options.directory, options.shards ?? limits.storeShards)
  const files = Array.from({ length: shards }, (_, shard) => shardFile(options.directory, shard))
  const store = new ShardedStore(options, files)
  try {
    await store.start()
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}

/** Makes the directory where it is missing; the number of shards it has or is to have. */
function prepareDirectory(directory: string, shards: number): number {
  try {
    mkdirSync(directory, { recursive: true })
    // A file is durable only when the names on the way to it are.
    for (const path of [directory, dirname(directory)]) syncDirectory(path)
    // Rows are laid out by the number of files: what is there decides, whatever the limit says today.
    const existing = readdirSync(directory).filter((name) => /^shard-\d+\.db$/.test(name)).length
    return existing > 0 ? existing : shards
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MeshgateError(
      'STORE_UNAVAILABLE',
      `The store cannot use ${directory} (${reason}): check path and permissions.`,
      error,
    )
  }
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
