// The embedded mesh of a run: log, store, ingest and a subgraph per product on one data directory, every port with its faults.
import { join } from 'node:path'
import { inspect } from 'node:util'
import { openEmbeddedLog } from '../../../platform/adapters/embedded-log/embedded-log.ts'
import { openSqliteStore } from '../../../platform/adapters/sqlite/sqlite-store.ts'
import type { AppendRecord, ConsumeOptions, Consumer, EventLog, Position } from '../../../platform/ports/event-log.ts'
import { MeshgateError } from '../../../platform/errors.ts'
import type { Store } from '../../../platform/ports/store.ts'
import { startIngest, type Ingest } from '../../../ingest/main.ts'
import { createSubgraph } from '../../../subgraphs/main.ts'
import type { SubgraphLogger } from '../../../subgraphs/runtime/format-error.ts'
import { seededInteger } from '../../seeded-random.ts'
import { DERIVED_FUNCTIONS, type FaultDerived } from '../fault-derived.ts'
import type { FaultProduct } from '../fault-products.ts'
import type { Subscribable } from '../observer.ts'
import { FaultClock } from './fault-clock.ts'
import { FaultFiles, type FilePoints } from './fault-files.ts'
import { FaultStore } from './fault-store.ts'

export interface MeshOptions {
  readonly directory: string
  readonly products: readonly FaultProduct[]
  readonly derived: FaultDerived
  readonly seed: number
  readonly points: FilePoints
  /** Of log's segments; small ones roll in the middle of a run. */
  readonly segmentBytesMax: number
  readonly batchRecordsMax: number
}

export interface ConsumerError {
  readonly code: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface EmbeddedMesh {
  readonly log: EventLog
  /** Without the faults. */
  readonly realStore: Store
  readonly store: FaultStore
  readonly clock: FaultClock
  readonly files: FaultFiles
  append(topic: string, records: readonly AppendRecord[]): Promise<readonly Position[]>
  endpoint(product: FaultProduct): Subscribable
  /** Members of every group. */
  readonly members: readonly Ingest[]
  /** One more. */
  join(): Promise<void>
  leave(member: number): Promise<void>
  /** Errors of consumers: codes, with the partitions. */
  readonly consumerErrors: readonly ConsumerError[]
  /** Retention, rolling and compaction now. */
  maintain(): Promise<void>
  close(): Promise<void>
}

/** A client sees the id of an internal error alone. */
const INTERNAL_ERRORS: SubgraphLogger = {
  debug: () => undefined,
  warn: () => undefined,
  error: (details, message) => void process.stderr.write(`${message} ${inspect(details, { depth: 4 })}\n`),
}

const CURSOR_KEY = new Uint8Array(32).fill(11)

export async function openMesh(options: MeshOptions): Promise<EmbeddedMesh> {
  const { directory, derived, seed, points, segmentBytesMax } = options
  const all = [...options.products, derived.told]
  const clock = new FaultClock()
  const files = new FaultFiles(points)
  const log = await openEmbeddedLog({ directory: join(directory, 'log'), clock, files, segmentBytesMax })
  const realStore = await openSqliteStore({ directory: join(directory, 'store'), clock })
  const store = new FaultStore(realStore, seededInteger(seed + 7))
  store.onWrite = points.onOperation
  const consumerErrors: ConsumerError[] = []
  const consumed = withBatches(log, options.batchRecordsMax, consumerErrors)
  const members: Ingest[] = []
  const joinGroups = async (): Promise<void> => {
    const products = all.map(({ product }) => product)
    members.push(await startIngest({ products, functions: DERIVED_FUNCTIONS, log: consumed, store, clock }))
  }
  await joinGroups()
  const subgraphs = new Map(
    all.map(({ name, product }) => [
      name,
      createSubgraph({ product, store, log, clock, cursorKey: CURSOR_KEY, logger: INTERNAL_ERRORS }),
    ]),
  )
  return {
    log,
    realStore,
    store,
    clock,
    files,
    append: (topic, records) => log.append(topic, records),
    endpoint({ name }) {
      const subgraph = subgraphs.get(name)
      if (subgraph === undefined) throw new Error(`no subgraph of ${name}`)
      return subgraph.endpoint
    },
    members,
    consumerErrors,
    join: joinGroups,
    async leave(member) {
      await Promise.all(members.splice(member, 1).map((leaving) => leaving.close()))
    },
    maintain: () => log.maintain({ force: true }),
    async close() {
      await Promise.all(members.splice(0).map((member) => member.close()))
      await Promise.all([...subgraphs.values()].map((subgraph) => subgraph.close()))
      await log.close()
      await realStore.close()
    },
  }
}

/** The log, whose consumers get batches of so many records at most and whose errors are noted. */
function withBatches(log: EventLog, batchRecordsMax: number, errors: ConsumerError[]): EventLog {
  const consume = (options: ConsumeOptions): Promise<Consumer> =>
    log.consume({
      ...options,
      batchRecordsMax,
      onError(error, at) {
        errors.push({ code: error instanceof MeshgateError ? error.code : String(error), ...at })
        options.onError?.(error, at)
      },
    })
  return new Proxy(log, {
    get(target, name) {
      if (name === 'consume') return consume
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
