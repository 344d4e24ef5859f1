// Loads the sample that ships with the project through ingest's load, and tells how far it is. What is loaded is not loaded again.
import { loadFile } from '../ingest/load/load-file.ts'
import { contentHash } from '../ingest/sources/file-bytes.ts'
import type { Ingest } from '../ingest/main.ts'
import { invariant } from '../platform/errors.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { EventLog } from '../platform/ports/event-log.ts'
import type { Product } from '../schema/model.ts'
import type { SampleLoad } from '../samples/sample-load.ts'
import { sampleLoads } from '../samples/sample-loads.ts'

const POLL_MS = 100
/** Between two questions how much waits, in multiples of what the first took: servers have better to do. */
const POLL_FACTOR = 10

export interface SampleState {
  /** Records written or rejected so far. */
  readonly done: number
  readonly total: number
}

export interface SampleOptions {
  readonly log: EventLog
  readonly clock: Clock
  /** Of this process or, by what the log tells, of others. */
  readonly ingest: Pick<Ingest, 'caughtUp' | 'lag'>
  readonly products: readonly Product[]
  /** How many loads go on at a time; default 1. Each waits for its own records, which on servers are mostly the waiting of others. */
  readonly loadsAtOnce?: number
  readonly onState: (state: SampleState) => void
  /** Ends the telling; the load itself ends with the mesh. */
  readonly stop: AbortSignal
}

export interface SampleResult {
  readonly records: number
  readonly rejected: number
  /** Nothing was left to load. */
  readonly alreadyLoaded: boolean
}

/** The sample's loads for the products that run; resolves once ingest has processed all their records. */
export async function loadSample(options: SampleOptions): Promise<SampleResult> {
  const { products } = options
  const wanted = sampleLoads.flatMap((load) => {
    const product = products.find(({ domain, name }) => `${domain}/${name}` === load.product)
    return product === undefined ? [] : [{ load, product }]
  })
  const total = wanted.reduce((sum, { load }) => sum + load.expected, 0)
  const appended = new Map<string, number>()
  const loaded = [...new Set(wanted.map(({ load }) => load.product))]
  const telling = tellState(options, { appended, loaded, total })
  const result = { records: 0, rejected: 0, alreadyLoaded: true }
  try {
    const left = [...wanted]
    const loadNext = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const { load, product } = next
        const outcome = await loadOne(options, load, product, (records) => appended.set(load.name, records))
        appended.set(load.name, outcome.records)
        result.records += outcome.records
        result.rejected += outcome.rejected
        result.alreadyLoaded &&= outcome.alreadyLoaded
      }
    }
    await allEnded(Array.from({ length: options.loadsAtOnce ?? 1 }, loadNext))
    // Each load waits for its own records; what is derived from all of them is waited for once.
    await options.ingest.caughtUp()
    return result
  } finally {
    await telling.end()
  }
}

/** Rejects with the first failure once none is under way any more: nothing of it goes on where the work is repeated. */
async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(works)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

/** Name of the entity whose topic the load fills. */
export function entityOfLoad(load: SampleLoad, product: Product): string {
  const entity = product.entities.find(({ source }) => source?.topic === load.topic)
  invariant(entity !== undefined, `${load.product} has an entity with the topic ${load.topic}`)
  return entity.name
}

type OnRecords = (records: number) => void

async function loadOne(options: SampleOptions, load: SampleLoad, product: Product, onRecords: OnRecords) {
  const { log, clock } = options
  const hash = await contentHash(load.files)
  const outcome = await loadFile({
    product,
    entity: entityOfLoad(load, product),
    name: load.name,
    source: { kind: 'records', contentHash: hash, records: () => load.records() },
    log,
    clock,
    onProgress: ({ records }) => onRecords(records),
  })
  invariant(outcome.records === load.expected, `${load.name} has ${load.expected} records, not ${outcome.records}`)
  return outcome
}

interface Loading {
  /** Records by load. */
  readonly appended: ReadonlyMap<string, number>
  /** The products that have loads. */
  readonly loaded: readonly string[]
  readonly total: number
}

/** Appended is not yet queryable: what still waits to be ingested is taken off. */
function tellState(options: SampleOptions, { appended, loaded, total }: Loading) {
  const { ingest, clock } = options
  const ended = new AbortController()
  const signal = AbortSignal.any([ended.signal, options.stop])
  // Lags are older than what has been appended meanwhile: what was done once stays done.
  let shown = 0
  const tell = async () => {
    while (!signal.aborted) {
      const askedMs = clock.monotonic()
      const lag = await ingest.lag()
      const tookMs = clock.monotonic() - askedMs
      const sent = [...appended.values()].reduce((sum, records) => sum + records, 0)
      const waiting = loaded.reduce((sum, product) => sum + (lag[product] ?? 0), 0)
      shown = Math.max(shown, sent - waiting)
      options.onState({ done: shown, total })
      await clock.sleep(Math.max(POLL_MS, tookMs * POLL_FACTOR), signal)
    }
  }
  // A stop, or a log that closes with it, ends the telling; the load reports what is wrong.
  const told = tell().catch(() => undefined)
  return {
    end: async () => {
      ended.abort()
      await told
    },
  }
}
