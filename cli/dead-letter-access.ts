// Where the commands of rejected records find them: on the servers, through the process that holds the data directory, or by themselves.
import { request } from 'undici'
import { checkPosition, redriveRejected, redrivesOf, rejectedAgain } from '../ingest/dead-letter/redrive.ts'
import type { Redrive } from '../ingest/dead-letter/redrive-facts.ts'
import type { RejectedFilter } from '../ingest/dead-letter/rejected-filter.ts'
import { listRejected, type ListedRecord, type ListQuestion } from '../ingest/dead-letter/rejected-list.ts'
import { summarizeRejected, type RejectedSummary } from '../ingest/dead-letter/rejected-summary.ts'
import type { RedriveAnswer } from '../ingest/http/dead-letter-routes.ts'
import type { Ingest } from '../ingest/main.ts'
import type { Platform } from '../platform/main.ts'
import type { Product } from '../schema/model.ts'
import { refusedByHolder } from './holder-answer.ts'
import { whoAsks } from './who-asks.ts'
import { withProduct, type ProductWork } from './with-product.ts'

export interface RedriveQuestion {
  readonly filter: RejectedFilter
  readonly reason: string | null
  readonly dryRun: boolean
}

/** What the commands ask, wherever the records are. */
export interface DeadLetters {
  summary(topic: string, filter: RejectedFilter): Promise<RejectedSummary>
  list(topic: string, question: ListQuestion, take: (record: ListedRecord) => Promise<void>): Promise<void>
  redrives(): Promise<readonly Redrive[]>
  /** Resolves once ingest has come to all that was redriven. */
  redrive(question: RedriveQuestion): Promise<RedriveAnswer>
}

/** Null when it was stopped. `ingests`: the work needs a product that is ingested, not its records alone. */
export function withDeadLetters<T>(
  work: ProductWork,
  ingests: boolean,
  use: (letters: DeadLetters) => Promise<T>,
): Promise<T | null> {
  return withProduct(work, ingests, {
    here: ({ platform, ingest }) => use(lettersHere(work, platform, ingest)),
    through: (url) => use(lettersOf(work, url)),
  })
}

function lettersHere(
  { product, context }: ProductWork,
  { log, clock }: Pick<Platform, 'log' | 'clock'>,
  ingest: Pick<Ingest, 'caughtUp'>,
): DeadLetters {
  return {
    summary: (topic, filter) => summarizeRejected(log, topic, { filter }),
    list: (topic, question, take) => listRejected(log, topic, question, take),
    redrives: () => redrivesOf(log, nameOf(product)),
    async redrive(question) {
      checkPosition(product, question.filter)
      const signal = context.stop
      const outcome = await redriveRejected({ ...question, ...whoAsks(), product, log, clock, signal })
      if (outcome.redrive === null) return { ...outcome, rejectedAgain: 0 }
      await ingest.caughtUp()
      return { ...outcome, rejectedAgain: await rejectedAgain(log, outcome.redrive) }
    },
  }
}

/** Through the process at the address. */
function lettersOf({ product, context }: ProductWork, url: string): DeadLetters {
  const path = (topic: string): string => `${url}/ingest/rejected/${encodeURIComponent(topic)}`
  return {
    summary: async (topic, filter) => (await asked(`${path(topic)}?${query(filter)}`)) as RejectedSummary,
    async list(topic, { filter, recordsMax, full }, take) {
      const params = query({
        ...filter,
        ...(full ? { full: 'true' } : {}),
        limit: recordsMax === null ? '' : String(recordsMax),
      })
      const response = await request(`${path(topic)}/records?${params}`, { signal: context.stop })
      if (response.statusCode !== 200) throw refusedByHolder(url, response.statusCode, await response.body.text())
      for await (const line of lines(response.body)) await take(JSON.parse(line) as ListedRecord)
    },
    async redrives() {
      const answer = (await asked(`${url}/ingest/redrives?${query({ product: nameOf(product) })}`)) as {
        readonly redrives: readonly Redrive[]
      }
      return answer.redrives
    },
    async redrive(question) {
      checkPosition(product, question.filter)
      // As long as it takes: ingest goes through all of it.
      const response = await request(`${url}/ingest/redrives`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...question, ...whoAsks(), product: nameOf(product) }),
        headersTimeout: 0,
        signal: context.stop,
      })
      const text = await response.body.text()
      if (response.statusCode !== 200) throw refusedByHolder(url, response.statusCode, text)
      return JSON.parse(text) as RedriveAnswer
    },
  }
}

async function asked(address: string): Promise<unknown> {
  const response = await request(address)
  const text = await response.body.text()
  if (response.statusCode !== 200) throw refusedByHolder(address, response.statusCode, text)
  return JSON.parse(text) as unknown
}

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}

function query(params: object): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== '')
  return String(new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])))
}

function nameOf({ domain, name }: Product): string {
  return `${domain}/${name}`
}
