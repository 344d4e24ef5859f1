// The catalog: every table the store keeps, under numbers that name its SQLite tables (Meshgate's names may differ in case only, which
// SQLite cannot tell apart). It is plain data: kept in shard 0, sent to every thread. Layouts are what the threads compile from it.
import type { ColumnType, TableDefinition } from '../../../schema/tables.ts'
import { compileStorableCheck, type StorableCheck } from '../../../schema/storable-row.ts'
import { invariant, MeshgateError } from '../../errors.ts'

export interface CatalogIndex {
  readonly id: number
  readonly column: string
}

export interface CatalogTable {
  readonly id: number
  readonly definition: TableDefinition
  readonly indexes: readonly CatalogIndex[]
}

export interface Catalog {
  /** Number of shard files: fixed when the directory is made. */
  readonly shards: number
  readonly nextId: number
  readonly tables: readonly CatalogTable[]
}

export interface KeyColumn {
  readonly name: string
  readonly type: ColumnType
  readonly descending: boolean
}

export interface LayoutColumn {
  readonly name: string
  readonly type: ColumnType
  /** Every object inherits a member of this name: only the row's own counts. */
  readonly inherited: boolean
}

export interface TableLayout {
  readonly id: number
  readonly name: string
  readonly types: ReadonlyMap<string, ColumnType>
  readonly columns: readonly LayoutColumn[]
  readonly partition: readonly KeyColumn[]
  readonly clustering: readonly KeyColumn[]
  readonly keyNames: ReadonlySet<string>
  readonly ttlMs: number | null
  readonly storableProblem: StorableCheck
  readonly indexes: readonly { readonly id: number; readonly column: string; readonly type: ColumnType }[]
}

export function emptyCatalog(shards: number): Catalog {
  return { shards, nextId: 1, tables: [] }
}

/** Layouts by table name. */
export function compileLayouts(catalog: Catalog): ReadonlyMap<string, TableLayout> {
  return new Map(catalog.tables.map((table) => [table.definition.name, compileLayout(table)]))
}

/** The layout of a table. STORE_TABLE_UNKNOWN where there is none. */
export function findLayout(layouts: ReadonlyMap<string, TableLayout>, table: string): TableLayout {
  const layout = layouts.get(table)
  if (layout !== undefined) return layout
  throw new MeshgateError('STORE_TABLE_UNKNOWN', `The store has no table ${table}: migrate it first.`)
}

function compileLayout({ id, definition, indexes }: CatalogTable): TableLayout {
  const types = new Map(definition.columns.map((column) => [column.name, column.type]))
  const typeOf = (column: string): ColumnType => {
    const type = types.get(column)
    invariant(type !== undefined, `table ${definition.name} has no column ${column}`)
    return type
  }
  const partition = definition.partitionKey.map((name) => ({ name, type: typeOf(name), descending: false }))
  const clustering = definition.clusteringKey.map(({ column, order }) => ({
    name: column,
    type: typeOf(column),
    descending: order === 'DESC',
  }))
  return {
    id,
    name: definition.name,
    types,
    columns: definition.columns.map(({ name, type }) => ({ name, type, inherited: name in Object.prototype })),
    partition,
    clustering,
    keyNames: new Set([...partition, ...clustering].map((column) => column.name)),
    ttlMs: definition.ttlMs,
    // An index that a later definition leaves out stays.
    storableProblem: compileStorableCheck({ ...definition, indexes: indexes.map(({ column }) => column) }),
    indexes: indexes.map((index) => ({ ...index, type: typeOf(index.column) })),
  }
}
