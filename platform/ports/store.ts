// The Store port: tables of rows, each cell with its write time, as Cassandra keeps them. Its comments are the contract that every
// adapter's conformance suite (test/conformance/store.ts) checks. Adapters: sqlite (embedded), cassandra.
import type { Row } from '../../schema/row.ts'
import type { TableDefinition } from '../../schema/tables.ts'

/**
 * A write time: µs, an integer from 0 to Number.MAX_SAFE_INTEGER. Per cell the highest wins; on a tie a delete or null wins over a
 * value, and of two values the greater one: Cassandra's rule, by the bytes of the value in its CQL encoding.
 */
export type WriteTime = number

export interface PutWrite {
  readonly kind: 'put'
  readonly table: string
  /** Every key column, and the cells to write. An absent cell is unchanged, null clears it. */
  readonly row: Row
  readonly writeTime: WriteTime
  /** Cells whose write time differs from `writeTime`. */
  readonly writeTimes?: Readonly<Record<string, WriteTime>>
  /**
   * `row` as JSON text, from a caller that has both anyway (ingest's changes hold it too): no cell is null, every value is canonical and
   * fits its column, keys are of a storable size. A store may take that on trust: it need neither check the row nor make its text again.
   */
  readonly text?: string
}

export interface DeleteWrite {
  readonly kind: 'delete'
  readonly table: string
  /** The key columns. Hides every cell of the row written at or before `writeTime`; later writes show again. */
  readonly key: Row
  readonly writeTime: WriteTime
}

export type Write = PutWrite | DeleteWrite

/** A row read: its key columns and every cell that has a value. A row exists while it was put after its last delete, even if all its other cells are null. */
export interface StoredRow {
  readonly row: Row
  /** Write time of every cell with a value (not of key columns); only where `writeTimes` was asked for. */
  readonly writeTimes?: Readonly<Record<string, WriteTime>>
}

export interface ReadOptions {
  readonly writeTimes?: boolean
}

/** Bounds on the clustering key: equal values of its first columns, then bounds on the column after them. Values are in row representation. */
export interface ClusteringRange {
  readonly equal?: Row
  readonly lower?: { readonly column: string; readonly value: string | number; readonly inclusive: boolean }
  readonly upper?: { readonly column: string; readonly value: string | number; readonly inclusive: boolean }
}

export interface PageRequest {
  /** Every partition key column. */
  readonly partition: Row
  readonly range?: ClusteringRange
  /** FORWARD: the clustering order that the table declares. Default FORWARD. */
  readonly order?: 'FORWARD' | 'REVERSE'
  /** 1 to `limits.pageRowsMax`. */
  readonly limit: number
  /** Clustering columns of the row to start after (it need not exist any more). */
  readonly after?: Row
}

export interface RowPage {
  readonly rows: readonly Row[]
  /** Whether more rows follow in this direction. */
  readonly more: boolean
}

export interface ScanRequest {
  readonly limit: number
  /** All key columns of the row to start after (it need not exist any more). */
  readonly after?: Row
  readonly order?: 'FORWARD' | 'REVERSE'
}

export interface IndexRequest {
  readonly column: string
  readonly value: string | number | boolean
  readonly limit: number
  /** All key columns of the row to start after. */
  readonly after?: Row
  readonly order?: 'FORWARD' | 'REVERSE'
}

/**
 * What holds for every adapter, and no more. Consistency: a read sees each write that was acknowledged before it began, whichever process
 * made it (Cassandra: at a consistency level whose reads and writes overlap, as the default, LOCAL_QUORUM, within one data centre). No
 * transactions beyond `writeAtomic`: a call that is under way may be seen in part, and the pages of one list are no snapshot: a row that is
 * written meanwhile may be met or not. Scan order is an adapter's own: a position in one store means nothing in another.
 */
export interface Store {
  /**
   * Creates missing tables, columns and indexes, and widens columns beside keys and indexes: values written before are then read as values
   * of the wider type (int → bigint, decimal, double; bigint → decimal; uuid → text). What would lose or reinterpret data (a column gone or
   * of a type that is not wider, another key, another clustering order, a required column that rows do not have) is refused whole with
   * STORE_MIGRATION_REFUSED, naming table and column and saying what to do; nothing is changed then.
   * A TTL may change and holds for later writes. Idempotent. Resolves when the schema is agreed.
   */
  migrate(tables: readonly TableDefinition[]): Promise<void>

  /**
   * Removes tables with all their rows, for good; names without a table are passed over. Repeating it ends what a failed call has begun.
   * Nobody may be using them: later calls on them are STORE_TABLE_UNKNOWN here, and may fail otherwise in processes that still know them.
   * A name is good again for a table of the same columns only: drivers keep what they have prepared by its text.
   */
  drop(tables: readonly string[]): Promise<void>

  /**
   * Resolves when every write is durable; order among them does not matter, write times decide. Repeating a write changes nothing.
   * Rejects (STORE_UNAVAILABLE, STORE_OVERLOADED, STORE_DISK_FULL, all retryable) with any part applied; with STORE_ROW_INVALID, where a
   * write does not fit its table, before any is.
   * Rows of a table with a TTL end at write time + TTL; servers count full seconds, so there it is the next one, and of two values of one
   * write time the one that ends later wins.
   */
  write(writes: readonly Write[]): Promise<void>

  /** As `write`, all or nothing. All rows are in one partition of one table (else STORE_ROW_INVALID). */
  writeAtomic(writes: readonly Write[]): Promise<void>

  /** One concurrent wave. `keys` hold every key column. Results are in the order of the keys, null where no row is. At most `limits.readKeysMax` keys. */
  read(table: string, keys: readonly Row[], options?: ReadOptions): Promise<readonly (StoredRow | null)[]>

  /**
   * Rows of one partition by clustering order: text by UTF-8 bytes, numbers and decimals by value, timestamps by time, uuids by bytes
   * (as Cassandra's UUIDType: version, then for version 1 time, then bytes).
   */
  page(table: string, request: PageRequest): Promise<RowPage>

  /** Rows of the whole table in an order that is stable for the adapter (partitions by token or key, then clustering order). */
  scan(table: string, request: ScanRequest): Promise<RowPage>

  /** Rows whose indexed column has the value, in scan order. */
  byIndex(table: string, request: IndexRequest): Promise<RowPage>

  /** Resolves when the store can be used now, rejects with STORE_UNAVAILABLE when not, in a few seconds at most. For health. */
  ping(): Promise<void>

  /** Waits for writes in hand, then releases files and connections. Later calls reject with STORE_CLOSED. */
  close(): Promise<void>
}
