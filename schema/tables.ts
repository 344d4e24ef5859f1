// The tables that a Store keeps: what the table emitter makes of a product and the Store port takes.

export type ColumnType =
  | 'text'
  | 'int'
  | 'bigint'
  | 'double'
  | 'boolean'
  | 'decimal'
  | 'timestamp'
  | 'date'
  | 'uuid'
  /** A nested value, frozen: one cell, replaced whole. */
  | 'json'

export interface ColumnDefinition {
  /** Key of the cell in a Row: the field's name, or a hidden column's. */
  readonly name: string
  /** Identifier in CQL: snake case, unique in its table. */
  readonly cqlName: string
  readonly type: ColumnType
  /** Every row has a value: only a table without rows can get such a column. */
  readonly required?: true
}

export interface TableDefinition {
  readonly name: string
  /** `<domain>/<product>`: who owns the table. */
  readonly owner: string
  readonly columns: readonly ColumnDefinition[]
  /** Column names, in order. Every column of both keys is in `columns`, never null and never json, double or boolean. */
  readonly partitionKey: readonly string[]
  readonly clusteringKey: readonly { readonly column: string; readonly order: 'ASC' | 'DESC' }[]
  readonly ttlMs: number | null
  /** Columns with a secondary index: single, of a scalar type. */
  readonly indexes: readonly string[]
}

/**
 * Hidden columns of the tables of an entity that ingest reads before it writes (`Entity.readsBase`).
 * A row is visible when `upsertedAt` is greater than `deletedAt`, or `deletedAt` is unset. A delete is a base row whose `deletedAt` is the
 * write time: a late record must be able to see it. Rows of further tables are deleted by deletes of the store, since their write times
 * come from the base row (docs/decisions/further-tables-as-projections.md).
 */
export const HIDDEN_COLUMNS = {
  /** Write time (µs) of the newest upsert. */
  upsertedAt: 'meshgateUpsertedAt',
  /** Write time (µs) of the newest delete or move away. */
  deletedAt: 'meshgateDeletedAt',
  /** Base table only: source position `topic:partition:offset` of the record that created the entity. */
  origin: 'meshgateOrigin',
  /**
   * Base table only, json: what ingest must remember of an entity and a store cannot tell it: write times of cells that are null, and
   * how often the entity changed. Never shown.
   */
  memory: 'meshgateMemory',
} as const
