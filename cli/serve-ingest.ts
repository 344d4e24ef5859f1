// Ingests products and takes their records over HTTP, in a process that has no gateway.
import type { Logger } from 'pino'
import { startIngest } from '../ingest/main.ts'
import type { Config } from '../platform/config.ts'
import type { Platform } from '../platform/main.ts'
import type { Product } from '../schema/model.ts'
import { ingestRoutes } from './ingest-routes.ts'
import { urlHost } from './mesh.ts'
import { serveRoutes } from './serve-routes.ts'

export interface IngestToServe {
  readonly platform: Platform
  readonly products: readonly Product[]
  readonly port: number
  readonly config: Config
  readonly logger: Logger
}

/** Gives the address, which is also left in the data directory for `meshgate load`. What it opens is closed with `parts`. */
export async function serveIngest(options: IngestToServe, parts: AsyncDisposableStack): Promise<string> {
  const { platform, products, port, config, logger } = options
  const { log, store, clock } = platform
  const ingest = await startIngest({ products, log, store, clock, logger })
  parts.defer(() => ingest.close())
  const server = await serveRoutes({ routes: ingestRoutes(ingest, log), host: config.host, port, logger })
  parts.defer(() => server.close())
  const url = `http://${urlHost(config.host)}:${server.port}`
  await platform.announce(url)
  return url
}
