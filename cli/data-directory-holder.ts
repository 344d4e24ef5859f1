// The process that holds the data directory, for commands that hand it their records.
import type { Config } from '../platform/config.ts'
import { readLock } from '../platform/data-directory.ts'
import { MeshgateError } from '../platform/errors.ts'

/** Where it takes records; null when nobody holds the directory. DATA_DIR_LOCKED where the holder takes none. */
export async function urlOfHolder({ dataDirectory }: Config): Promise<string | null> {
  const holder = await readLock(dataDirectory)
  if (holder === null) return null
  if (holder.url !== undefined) return holder.url
  throw new MeshgateError(
    'DATA_DIR_LOCKED',
    `Process ${holder.pid} holds the data directory ${dataDirectory} and takes no records. End it, or start it so that it does (meshgate dev, ingest, or subgraph --ingest-port).`,
  )
}
