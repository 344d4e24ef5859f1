// Work of a command on one product, wherever it is ingested: on the servers, through the process that holds the data directory, or by an ingest
// of its own.
import type { Logger } from 'pino'
import { internalTopics } from '../ingest/internal-topics.ts'
import { startIngest, type Ingest } from '../ingest/main.ts'
import type { Config } from '../platform/config.ts'
import { openPlatform, type Platform } from '../platform/main.ts'
import { emitTopics } from '../schema/emit/emit-topics.ts'
import type { Product } from '../schema/model.ts'
import { stopped, type CommandContext } from './command-context.ts'
import { urlOfHolder } from './data-directory-holder.ts'
import { readFoldSources } from './fold-sources.ts'
import { watchIngest } from './watch-ingest.ts'
import { withParts } from './with-parts.ts'
import { withServers } from './with-servers.ts'

export interface ProductWork {
  readonly product: Product
  readonly config: Config
  readonly context: CommandContext
  readonly logger: Logger
  /** Which ingest to start where none runs. */
  readonly command: string
}

export interface ProductHere {
  readonly platform: Platform
  readonly ingest: Pick<Ingest, 'caughtUp'>
  /** Whether others ingest it, and go on when this command ends. */
  readonly elsewhere: boolean
}

export interface ProductPlaces<T> {
  /** With the log and store in hand. On servers it may run again after an outage: it must go on where it was. */
  readonly here: (product: ProductHere) => Promise<T>
  /** Through the process at the address. */
  readonly through: (url: string) => Promise<T>
}

/** Null when it was stopped. `ingests`: the work needs a product that is ingested, not its topics alone. */
export async function withProduct<T>(work: ProductWork, ingests: boolean, places: ProductPlaces<T>): Promise<T | null> {
  const { config, product, context, logger } = work
  if (config.servers !== null) {
    return withServers({ ...work, products: [product] }, (servers) => places.here({ ...servers, elsewhere: true }))
  }
  const url = await urlOfHolder(config)
  if (url !== null) return places.through(url)
  const watch = watchIngest(logger)
  return withParts(async (parts) => {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    const { log, store, clock } = platform
    await log.createTopics([...emitTopics(product), ...internalTopics])
    let ingest: ProductHere['ingest'] = { caughtUp: async () => undefined }
    if (ingests) {
      const sources = await readFoldSources([product])
      const started = await startIngest({
        ...sources,
        products: [product],
        log,
        store,
        clock,
        logger: watch.logger,
        tellsQuality: true,
      })
      parts.defer(() => started.close())
      ingest = started
    }
    const done = places.here({ platform, ingest, elsewhere: false })
    // Where it is stopped first, nobody waits for it any more.
    done.catch(() => undefined)
    return Promise.race([done, watch.failed, stopped(context).then(() => null)])
  })
}
