// What the stages need to know of one entity, compiled once: its codec, tables, topics and columns.
import type { Entity, Product, Source, Table } from '../schema/model.ts'
import type { RecordCodec } from '../schema/record.ts'
import { cellOf, type Row } from '../schema/row.ts'
import { compileRecordCodec } from '../schema/emit/emit-record-codec.ts'
import { emitTables } from '../schema/emit/emit-tables.ts'
import { tableRow } from '../schema/emit/table-rows.ts'
import { topicNames } from '../schema/topics.ts'
import { invariant } from '../platform/errors.ts'
import { shapeOf, type EntityShape } from './entity-state.ts'

export interface TablePlan {
  readonly name: string
  /** Columns of the table's key. */
  readonly keyColumns: readonly string[]
  /** The row's cells of this table, buckets added. */
  readonly rowOf: (row: Row) => Row
  /** The row's key in this table; null while a part of it is absent. */
  readonly keyOf: (row: Row) => Row | null
  /** Whether the row has every part of its key in this table. */
  readonly hasKey: (row: Row) => boolean
  /** Whether a row of the entity's own cells is one of this table as it is. */
  readonly takesRows: boolean
}

export interface EntityPlan {
  readonly product: Product
  readonly entity: Entity
  readonly source: Source
  readonly codec: RecordCodec
  /** The names of a row's columns as JSON text. */
  readonly columnNames: (row: Row) => string
  readonly shape: EntityShape
  readonly base: TablePlan
  /** Tables after the base. */
  readonly further: readonly TablePlan[]
  /** Columns by which subscriptions select, where they tell of what leaves the selection. */
  readonly selectedBy: readonly string[]
  /** Where the append time is the version: whether AppendClock must make it exact first. */
  readonly needsClock: boolean
  /** Of append times as they come to the stages. */
  readonly resolutionUs: 1 | 1000
  /** The topic that rows are written from: the source topic, or the re-keyed one. */
  readonly topic: string
  readonly changesTopic: string
  readonly rejectedTopic: string
}

/** Plans of the product's own entities. */
export function planEntities(product: Product, resolutionUs: 1 | 1000): EntityPlan[] {
  const definitions = new Map(emitTables(product).map((table) => [table.name, table]))
  return product.entities.flatMap((entity) => {
    const { source } = entity
    if (source === null) return []
    const [baseTable, ...furtherTables] = entity.tables
    const baseDefinition = baseTable === undefined ? undefined : definitions.get(baseTable.name)
    invariant(baseTable !== undefined && baseDefinition !== undefined, `${entity.name} has a source and a base table`)
    // Records of a fold have their version in the envelope.
    const needsClock = source.version === null && source.envelope !== 'DERIVED' && resolutionUs > 1
    const tablePlan = (table: Table): TablePlan => planTable(entity, table)
    return [
      {
        product,
        entity,
        source,
        codec: compileRecordCodec(product, entity),
        columnNames: rememberNames(),
        shape: shapeOf(entity.key, baseDefinition),
        base: tablePlan(baseTable),
        further: furtherTables.map(tablePlan),
        selectedBy: selectedBy(product, entity),
        needsClock,
        resolutionUs: needsClock ? 1 : resolutionUs,
        topic: source.rekeyed ? topicNames.rekeyed(source.topic) : source.topic,
        changesTopic: topicNames.changes(source.topic),
        rejectedTopic: topicNames.rejected(source.topic),
      },
    ]
  })
}

function selectedBy({ subscriptions }: Product, { name }: Entity): readonly string[] {
  const telling = subscriptions.filter(({ entity, on }) => entity === name && on.includes('DELETED'))
  return [...new Set(telling.flatMap(({ filters }) => filters.map(({ field }) => field)))]
}

function planTable(entity: Entity, table: Table): TablePlan {
  const keyColumns = [
    ...table.partitionKey.map((part) => part.column),
    ...table.clusteringKey.map((part) => part.field),
  ]
  const keyFields = [...table.partitionKey.map((part) => part.field), ...table.clusteringKey.map((part) => part.field)]
  const rowOf = (row: Row): Row => tableRow(entity, table, row)
  const keyOf = (row: Row): Row | null => {
    const parts: Record<string, Row[string]> = {}
    for (const field of keyFields) {
      const value = cellOf(row, field)
      if (value === undefined || value === null) return null
      parts[field] = value
    }
    const cells = rowOf(parts)
    const key: Record<string, Row[string]> = {}
    for (const column of keyColumns) {
      const value = cellOf(cells, column)
      if (value === undefined || value === null) return null
      key[column] = value
    }
    return key
  }
  const hasKey = (row: Row): boolean => {
    for (const field of keyFields) if ((cellOf(row, field) ?? null) === null) return false
    return true
  }
  const takesRows = table.partitionKey.every((part) => part.bucket === null)
  return { name: table.name, keyColumns, rowOf, keyOf, hasKey, takesRows }
}

/** Records mostly have the columns of the one before. */
function rememberNames(): (row: Row) => string {
  let names: readonly string[] = []
  let text = '[]'
  return (row) => {
    let count = 0
    for (const name in row) {
      if (name !== names[count]) break
      count += 1
    }
    if (count === names.length && Object.keys(row).length === count) return text
    names = Object.keys(row)
    text = JSON.stringify(names)
    return text
  }
}

/** Consumer group of a product. */
export function groupOf(product: Product): string {
  return `ingest.${product.domain}.${product.name}`
}

/** Consumer group of a product's re-keying. */
export function rekeyGroupOf(product: Product): string {
  return `${groupOf(product)}.rekey`
}
