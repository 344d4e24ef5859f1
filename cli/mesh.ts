// All roles in one process, over one platform: ingest, a subgraph per product, and the gateway over their in-process endpoints.
import { startGateway, type Gateway } from '../gateway/main.ts'
import { startIngest, type Ingest, type IngestLogger } from '../ingest/main.ts'
import { openPlatform, type Platform } from '../platform/main.ts'
import type { Config } from '../platform/config.ts'
import type { Product } from '../schema/model.ts'
import { createSubgraph } from '../subgraphs/main.ts'
import type { Logger } from 'pino'
import { ingestRoutes } from './ingest-routes.ts'
import { sampleQueries } from './sample-queries.ts'

export interface MeshOptions {
  readonly config: Config
  readonly products: readonly Product[]
  readonly logger: Logger
  /** What `/health/ready` says. */
  readonly ready: () => { readonly ready: boolean; readonly reasons: readonly string[] }
  readonly ingestLogger: IngestLogger
}

export interface Mesh {
  readonly platform: Platform
  readonly ingest: Ingest
  readonly gateway: Gateway
  /** Stops taking requests, finishes those in hand, then batches in hand, then closes files. */
  close(): Promise<void>
}

/** Resolves once the gateway listens. A part that cannot start closes those that have. */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const { config, products, logger, ingestLogger, ready } = options
  const parts = new AsyncDisposableStack()
  try {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    const { log, store, clock, cursorKey } = platform
    const ingest = await startIngest({ products, log, store, clock, logger: ingestLogger })
    parts.defer(() => ingest.close())
    const subgraphs = products.map((product) => createSubgraph({ product, log, store, clock, cursorKey, logger }))
    for (const subgraph of subgraphs) parts.defer(() => subgraph.close())
    const gateway = await startGateway({
      mesh: { subgraphs },
      host: config.host,
      port: config.port,
      routes: ingestRoutes(ingest, log),
      title: 'Meshgate',
      exampleQueries: sampleQueries,
      ready,
      logger,
    })
    parts.defer(() => gateway.close())
    await platform.announce(gateway.url)
    return { platform, ingest, gateway, close: () => parts.disposeAsync() }
  } catch (error) {
    await parts.disposeAsync().catch(() => undefined)
    throw error
  }
}

/** The host as it stands in a URL that this machine's users open. */
export function urlHost(host: string): string {
  if (host === '127.0.0.1' || host === '0.0.0.0' || host === '::' || host === '::1') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
