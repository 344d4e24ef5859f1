// Where `meshgate replay` finds a product's replays: on the servers, through the process that holds the data directory, or by itself.
import { request } from 'undici'
import { ReplayFacts, type ReplayRange } from '../ingest/replay/replay-facts.ts'
import { parseReplayFrom } from '../ingest/replay/replay-from.ts'
import { replayStatus, type ReplayStatus } from '../ingest/replay/replay-progress.ts'
import type { ReplayAnswer } from '../ingest/replay/replay-routes.ts'
import { cancelReplay, dryRun, requestReplay } from '../ingest/replay/request-replay.ts'
import type { Platform } from '../platform/main.ts'
import type { Product } from '../schema/model.ts'
import type { IngestStatus } from './ingest-routes.ts'
import { refusedByHolder } from './holder-answer.ts'
import { whoAsks } from './who-asks.ts'
import { withProduct, type ProductWork } from './with-product.ts'

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
export function withReplays<T>(work: ProductWork, use: (replays: Replays) => Promise<T>): Promise<T | null> {
  return withProduct(work, true, {
    here: ({ platform, elsewhere }) => use(replaysHere(work, platform, elsewhere)),
    through: (url) => use(replaysOf(work, url)),
  })
}

function replaysHere(
  { product }: ProductWork,
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
function replaysOf({ product, context }: ProductWork, url: string): Replays {
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
