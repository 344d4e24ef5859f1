// The embedded mesh of a run: log, store, ingest and a subgraph per product on one data directory, every port with its faults.
import { join } from 'node:path'
import { openEmbeddedLog } from '../../../platform/adapters/embedded-log/embedded-log.ts'
import { openSqliteStore } from '../../../platform/adapters/sqlite/sqlite-store.ts'
import type { AppendRecord, EventLog, Position } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import { startIngest, type Ingest } from '../../../ingest/main.ts'
import { createSubgraph } from '../../../subgraphs/main.ts'
import { seededInteger } from '../../seeded-random.ts'
import type { FaultProduct } from '../fault-products.ts'
import type { Subscribable } from '../observer.ts'
import { FaultClock } from './fault-clock.ts'
import { FaultFiles, type FilePoints } from './fault-files.ts'
import { FaultStore } from './fault-store.ts'

export interface MeshOptions {
  readonly directory: string
  readonly products: readonly FaultProduct[]
  readonly seed: number
  readonly points: FilePoints
  /** Of log's segments; small ones roll in the middle of a run. */
  readonly segmentBytesMax: number
  readonly batchRecordsMax: number
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
  /** One more member of every group. */
  join(): Promise<Ingest>
  /** Retention, rolling and compaction now. */
  maintain(): Promise<void>
  close(): Promise<void>
}

const CURSOR_KEY = new Uint8Array(32).fill(11)

export async function openMesh(options: MeshOptions): Promise<EmbeddedMesh> {
  const { directory, products, seed, points, segmentBytesMax } = options
  const clock = new FaultClock()
  const files = new FaultFiles(points)
  const log = await openEmbeddedLog({ directory: join(directory, 'log'), clock, files, segmentBytesMax })
  const realStore = await openSqliteStore({ directory: join(directory, 'store'), clock })
  const store = new FaultStore(realStore, seededInteger(seed + 7))
  store.onWrite = points.onOperation
  const consumed = withBatches(log, options.batchRecordsMax)
  const join_ = (): Promise<Ingest> =>
    startIngest({ products: products.map(({ product }) => product), log: consumed, store, clock })
  const first = await join_()
  const subgraphs = new Map(
    products.map(({ name, product }) => [name, createSubgraph({ product, store, log, clock, cursorKey: CURSOR_KEY })]),
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
    join: join_,
    maintain: () => log.maintain({ force: true }),
    async close() {
      await first.close()
      await Promise.all([...subgraphs.values()].map((subgraph) => subgraph.close()))
      await log.close()
      await realStore.close()
    },
  }
}

/** The log, whose consumers get batches of so many records at most. */
function withBatches(log: EventLog, batchRecordsMax: number): EventLog {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'consume')
        return (options: Parameters<EventLog['consume']>[0]) => target.consume({ ...options, batchRecordsMax })
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
