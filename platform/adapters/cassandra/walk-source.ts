// What a walk through tokens needs of what it walks through.
import type { Row } from '../../../schema/row.ts'
import type { CqlTable } from './cql-table.ts'
import type { TokenWindow } from './token-window.ts'

export interface FoundRow {
  readonly token: bigint
  readonly row: Row
}

/** What is walked through: the rows of a table, or those with a value in an index. */
export interface WalkSource {
  readonly table: CqlTable
  /** What the density of its rows is remembered by. */
  readonly name: string
  /** Rows in scan order. */
  window(window: TokenWindow, wanted: number): Promise<readonly FoundRow[]>
  /** A row of each partition, in scan order: fetched as they are asked for. */
  partitions(window: TokenWindow): AsyncIterable<FoundRow>
  /** Rows of one partition. */
  inPartition(partition: Row, request: InPartition): Promise<readonly Row[]>
}

export interface InPartition {
  readonly after?: Row
  readonly reverse: boolean
  readonly wanted: number
}
