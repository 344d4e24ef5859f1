// A product as the runtime serves it: its entities and tables by name, and what every resolver needs from outside.
import type { Entity, Product, Table } from '../../schema/model.ts'
import type { Row, Value } from '../../schema/row.ts'
import { invariant } from '../../platform/errors.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Sealer } from '../../platform/seal.ts'
import { createGate, type Gate } from './gate.ts'
import { RecentSources } from './recent-sources.ts'

export interface ServedTable {
  readonly name: string
  readonly table: Table
  readonly entity: Entity
  /** Partition columns (buckets by their column), then clustering columns. */
  readonly keyColumns: readonly string[]
}

export interface ServedProduct {
  readonly product: Product
  readonly store: Store
  readonly log: EventLog
  readonly clock: Clock
  readonly sealer: Sealer
  /** Page reads pass here. */
  readonly pageGate: Gate
  /** Reads of the log for subscribers that catch up pass here. */
  readonly replayGate: Gate
  /** Pages of snapshots are read here. */
  readonly snapshotGate: Gate
  /** Of a changes topic. */
  recentSources(topic: string): RecentSources
  entity(name: string): Entity
  table(name: string): ServedTable
}

export interface ServedProductOptions {
  readonly product: Product
  readonly store: Store
  readonly log: EventLog
  readonly clock: Clock
  readonly sealer: Sealer
  readonly pageReadsInFlightMax: number
  readonly replayReadsInFlightMax: number
  readonly snapshotReadsInFlightMax: number
}

const servedTable = (entity: Entity, table: Table): ServedTable => ({
  name: table.name,
  table,
  entity,
  keyColumns: [...table.partitionKey.map((part) => part.column), ...table.clusteringKey.map((part) => part.field)],
})

export function serveProduct(options: ServedProductOptions): ServedProduct {
  const { product, pageReadsInFlightMax, replayReadsInFlightMax, snapshotReadsInFlightMax, ...ports } = options
  const entities = new Map(product.entities.map((entity) => [entity.name, entity]))
  const tables = new Map(
    product.entities.flatMap((entity) => entity.tables.map((table) => [table.name, servedTable(entity, table)])),
  )
  const replayGate = createGate(replayReadsInFlightMax)
  const recentSources = new Map<string, RecentSources>()
  return {
    ...ports,
    product,
    pageGate: createGate(pageReadsInFlightMax),
    replayGate,
    snapshotGate: createGate(snapshotReadsInFlightMax),
    recentSources(topic) {
      const recent = recentSources.get(topic) ?? new RecentSources(ports.log, replayGate, topic)
      recentSources.set(topic, recent)
      return recent
    },
    entity(name) {
      const entity = entities.get(name)
      invariant(entity !== undefined, `${product.file} has no entity ${name}`)
      return entity
    },
    table(name) {
      const table = tables.get(name)
      invariant(table !== undefined, `${product.file} has no table ${name}`)
      return table
    },
  }
}

/** The first table, keyed by the entity's key. */
export function baseTable(served: ServedProduct, entity: Entity): ServedTable {
  const [base] = entity.tables
  invariant(base !== undefined, `${entity.name} has no table`)
  return served.table(base.name)
}

/** Own cells only: a column may be called like something that every object inherits. */
export const cellOf = (row: Row, column: string): Value => (Object.hasOwn(row, column) ? (row[column] ?? null) : null)

/** The named cells. */
export const pick = (row: Row, columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((column) => [column, cellOf(row, column)]))
