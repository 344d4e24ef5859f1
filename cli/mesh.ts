// All roles in one process, over one platform: ingest, a subgraph per product, and the gateway over their in-process endpoints.
import { startGateway, type Gateway } from '../gateway/main.ts'
import { startIngest, type Ingest, type IngestLogger } from '../ingest/main.ts'
import type { Platform } from '../platform/main.ts'
import type { Product } from '../schema/model.ts'
import { createSubgraph } from '../subgraphs/main.ts'
import { readFoldSources } from './fold-sources.ts'
import { gatewayFromConfig } from './gateway-from-config.ts'
import { ingestRoutes } from './ingest-routes.ts'
import {
  ingestObserver,
  readIngestLag,
  readReplays,
  readStuckPartitions,
  readTables,
  subgraphObserver,
} from './role-metrics.ts'
import { metricsRoute } from './role-server.ts'
import { observeGateway } from './observe-gateway.ts'
import { holdTopics, openPlatformFor, startWhileAway, type RoleProcess } from './run-role.ts'
import { sampleQueries } from './sample-queries.ts'
import { isLoopback } from './url-host.ts'

export interface MeshOptions {
  readonly products: readonly Product[]
  readonly port: number
  readonly ingestLogger: IngestLogger
}

export interface Mesh {
  readonly platform: Platform
  readonly ingest: Ingest
  readonly gateway: Gateway
}

/**
 * Resolves once the gateway listens. With the role's parts it stops taking requests, finishes those in hand, then batches in hand, then
 * closes files.
 */
export async function startMesh(role: RoleProcess, { products, port, ingestLogger }: MeshOptions): Promise<Mesh> {
  const { config, logger, health, metrics, parts } = role
  const platform = await openPlatformFor(role)
  const { log, store, clock, cursorKey } = platform
  const observer = ingestObserver(metrics)
  const sources = await readFoldSources(products)
  const ingest = await startWhileAway(role, async () => {
    await holdTopics(platform, products, 'ingest')
    return startIngest({ products, ...sources, log, store, clock, logger: ingestLogger, observer, tellsQuality: true })
  })
  parts.defer(() => ingest.close())
  readIngestLag(metrics, ingest)
  readReplays(metrics, ingest)
  readStuckPartitions(metrics, ingest)
  readTables(metrics, ingest)
  const subgraphs = products.map((product) =>
    createSubgraph({ product, log, store, clock, cursorKey, logger, observer: subgraphObserver(metrics) }),
  )
  for (const subgraph of subgraphs) parts.defer(() => subgraph.close())
  const gateway = await startGateway({
    mesh: { subgraphs },
    ...gatewayFromConfig(config.gateway, { isOpen: true, ...(isLoopback(config.host) ? { allowedHosts: [] } : {}) }),
    host: config.host,
    port,
    routes: [metricsRoute(metrics), ...ingestRoutes(ingest)],
    title: 'Meshgate',
    exampleQueries: sampleQueries,
    ready: health.state,
    observer: await observeGateway(role),
    logger,
  })
  parts.defer(() => gateway.close())
  await platform.announce(gateway.url)
  return { platform, ingest, gateway }
}
