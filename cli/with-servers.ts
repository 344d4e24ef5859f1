// Work of a command on the log of the servers while other processes ingest: opened with patience, repeated after an outage, told about when
// nobody ingests.
import type { Logger } from 'pino'
import { internalTopics } from '../ingest/internal-topics.ts'
import type { Ingest } from '../ingest/main.ts'
import { retryWhileAway } from '../platform/await-server.ts'
import type { Config } from '../platform/config.ts'
import { createServersHealth, openPlatform, type Platform } from '../platform/main.ts'
import { emitTopics } from '../schema/emit/emit-topics.ts'
import type { Product } from '../schema/model.ts'
import type { CommandContext } from './command-context.ts'
import { readFoldSources } from './fold-sources.ts'
import { ingestElsewhere, tellStandstills } from './ingest-elsewhere.ts'
import { withoutAdvice } from './role-logger.ts'
import { withParts } from './with-parts.ts'

export interface ServersWork {
  readonly config: Config
  readonly context: CommandContext
  readonly logger: Logger
  /** Those that are waited for, with what is derived in them. */
  readonly products: readonly Product[]
  /** Which ingest to start where none runs. */
  readonly command: string
}

export interface OnServers {
  readonly platform: Platform
  readonly ingest: Pick<Ingest, 'caughtUp' | 'lag'>
}

/** Null when it was stopped. `work` may run several times: it must go on where it was. */
export async function withServers<T>(
  { config, context, logger, products, command }: ServersWork,
  work: (servers: OnServers) => Promise<T>,
): Promise<T | null> {
  const { terminal, stop } = context
  return withParts(async (parts) => {
    const health = createServersHealth(config, logger)
    const platform = await openPlatform(config, withoutAdvice(logger), { health, stop })
    parts.defer(() => platform.close())
    const { log, clock } = platform
    const sources = await readFoldSources(products)
    const ingest = ingestElsewhere(products, platform, sources)
    const ended = new AbortController()
    parts.defer(() => ended.abort())
    const patience = {
      clock,
      signal: stop,
      onFailure: (error: unknown) => logger.warn({ err: error }, 'The command was interrupted and goes on.'),
    }
    await retryWhileAway(
      () => log.createTopics([...products, ...sources.inputs].flatMap(emitTopics).concat(internalTopics)),
      patience,
    )
    const signal = AbortSignal.any([ended.signal, stop])
    void tellStandstills({ ingest, terminal, clock, command, signal })
    return retryWhileAway(() => work({ platform, ingest }), patience)
  }).catch((error: unknown) => {
    if (stop.aborted && error === stop.reason) return null
    throw error
  })
}
