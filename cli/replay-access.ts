// Where `meshgate replay` finds a product's replays: on the servers, through the process that holds the data directory, or by itself.
import type { Logger } from 'pino'
import { request } from 'undici'
import { startIngest } from '../ingest/main.ts'
import { ReplayFacts, type ReplayRange } from '../ingest/replay/replay-facts.ts'
import { parseReplayFrom } from '../ingest/replay/replay-from.ts'
import { replayStatus, type ReplayStatus } from '../ingest/replay/replay-progress.ts'
import type { ReplayAnswer } from '../ingest/replay/replay-routes.ts'
import { cancelReplay, dryRun, requestReplay } from '../ingest/replay/request-replay.ts'
import type { Config } from '../platform/config.ts'
import { openPlatform, type Platform } from '../platform/main.ts'
import type { Product } from '../schema/model.ts'
import { stopped, type CommandContext } from './command-context.ts'
import { urlOfHolder } from './data-directory-holder.ts'
import type { IngestStatus } from './ingest-routes.ts'
import { refusedByHolder } from './holder-answer.ts'
import { watchIngest } from './watch-ingest.ts'
import { whoAsks } from './who-asks.ts'
import { withParts } from './with-parts.ts'
import { withServers } from './with-servers.ts'

export interface ReplayWork {
  readonly product: Product
  readonly config: Config
  readonly context: CommandContext
  readonly logger: Logger
  /** Which ingest to start where none runs. */
  readonly command: string
}

export interface ReplayQuestion {
  readonly id: string
  readonly from: string
  readonly dryRun: boolean
}

export interface Replays {
  ask(question: ReplayQuestion): Promise<ReplayAnswer>
  /** Gives up the replay that runs. */
  cancel(): Promise<void>
  /** Of the product's newest; null where there was none. */
  status(): Promise<ReplayStatus | null>
  /** Whether the replay goes on when this command ends. */
  readonly elsewhere: boolean
}

/** Null when it was stopped. `use` may run again after an outage. */
export async function withReplays<T>(work: ReplayWork, use: (replays: Replays) => Promise<T>): Promise<T | null> {
  const { config, product, context, logger } = work
  if (config.servers !== null) {
    return withServers({ ...work, products: [product] }, ({ platform }) => use(replaysHere(work, platform, true)))
  }
  const url = await urlOfHolder(config)
  if (url !== null) return use(replaysOf(work, url))
  const watch = watchIngest(logger)
  return withParts(async (parts) => {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    const { log, store, clock } = platform
    const ingest = await startIngest({ products: [product], log, store, clock, logger: watch.logger })
    parts.defer(() => ingest.close())
    const used = use(replaysHere(work, platform, false))
    used.catch(() => undefined)
    return Promise.race([used, watch.failed, stopped(context).then(() => null)])
  })
}

function replaysHere(
  { product }: ReplayWork,
  { log, clock }: Pick<Platform, 'log' | 'clock'>,
  elsewhere: boolean,
): Replays {
  const facts = new ReplayFacts(log)
  return {
    elsewhere,
    async ask({ id, from: text, dryRun: isDry }) {
      const from = parseReplayFrom(text)
      if (isDry) return { id: null, ranges: await dryRun({ log }, { product, from }) }
      const requested = await requestReplay({ log, clock }, { id, product, from, requestedBy: asker() })
      return { id: requested?.id ?? null, ranges: requested?.ranges ?? [] }
    },
    async cancel() {
      await cancelReplay({ log, clock }, product)
    },
    async status() {
      await facts.refresh()
      const replay = facts.current(nameOf(product))
      return replay === null ? null : replayStatus(log, product, replay)
    },
  }
}

/** Through the process at the address. */
function replaysOf({ product, context }: ReplayWork, url: string): Replays {
  const name = nameOf(product)
  const post = async (body: object): Promise<ReplayAnswer> => {
    const response = await request(`${url}/ingest/replays`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      headersTimeout: 0,
      signal: context.stop,
    })
    const text = await response.body.text()
    if (response.statusCode >= 300) throw refusedByHolder(url, response.statusCode, text)
    return JSON.parse(text) as ReplayAnswer
  }
  return {
    elsewhere: true,
    ask: (question) => post({ ...question, product: name, requestedBy: asker() }),
    async cancel() {
      await post({ product: name, abandon: true })
    },
    async status() {
      const response = await request(`${url}/ingest`)
      const text = await response.body.text()
      if (response.statusCode !== 200) throw refusedByHolder(url, response.statusCode, text)
      const { replays } = JSON.parse(text) as IngestStatus
      return replays.find((replay) => replay.product === name) ?? null
    },
  }
}

export function recordsIn(ranges: readonly ReplayRange[]): number {
  return ranges.reduce((sum, { from, until }) => sum + until - from, 0)
}

function asker(): string {
  const { user, host } = whoAsks()
  return `${user}@${host}`
}

function nameOf({ domain, name }: Product): string {
  return `${domain}/${name}`
}
