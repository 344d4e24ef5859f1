// Ingests products and takes their records over HTTP, on a server that listens already.
import { startIngest, type Ingest } from '../ingest/main.ts'
import type { Platform } from '../platform/main.ts'
import type { Product } from '../schema/model.ts'
import { readFoldSources } from './fold-sources.ts'
import { ingestRoutes } from './ingest-routes.ts'
import { ingestObserver, readIngestLag, readReplays, readStuckPartitions, readTables } from './role-metrics.ts'
import type { RoleServer } from './role-server.ts'
import { holdTopics, startWhileAway, type RoleProcess } from './run-role.ts'
import { urlHost } from './url-host.ts'

export interface IngestToServe {
  readonly platform: Platform
  readonly products: readonly Product[]
  readonly server: RoleServer
}

/** Gives the address, which is also left in the data directory for `meshgate load`. What it opens is closed with the role's parts. */
export async function serveIngest(role: RoleProcess, { platform, products, server }: IngestToServe): Promise<string> {
  const { config, logger, metrics, parts } = role
  const { log, store, clock } = platform
  const observer = ingestObserver(metrics)
  const sources = await readFoldSources(products)
  const ingest: Ingest = await startWhileAway(role, async () => {
    await holdTopics(platform, products, 'ingest')
    return startIngest({ products, ...sources, log, store, clock, logger, observer, tellsQuality: true })
  })
  parts.defer(() => ingest.close())
  readIngestLag(metrics, ingest)
  readReplays(metrics, ingest)
  readStuckPartitions(metrics, ingest)
  readTables(metrics, ingest)
  server.mount({ routes: ingestRoutes(ingest) })
  // Before ingest closes: nothing is accepted any more, and what has been is in the log.
  parts.defer(() => server.close())
  const url = `http://${urlHost(config.host)}:${server.port}`
  await platform.announce(url)
  return url
}
