// Rows of one table that were put whole, on their way into it: gathered and inserted several at a time. What is there already is left
// to be merged, one by one.
import type { SQLInputValue } from 'node:sqlite'
import { ROWS_PER_INSERT, type RowTable } from './row-table.ts'
import type { SentWrite } from './sent-write.ts'
import { WRITE_KINDS } from './write-part.ts'

export interface RowPuts {
  readonly table: RowTable
  readonly full: SentWrite[]
  readonly whole: SentWrite[]
  /** Takes a row that the statement left as it was. */
  readonly merge: (write: SentWrite) => void
}

/** The write is FULL or WHOLE, and the only one of its row in this transaction. */
export function addPut(puts: RowPuts, write: SentWrite): void {
  const gathered = write.kind === WRITE_KINDS.full ? puts.full : puts.whole
  gathered.push(write)
  if (gathered.length === ROWS_PER_INSERT) putSeveral(puts, gathered)
}

export function endPuts(puts: RowPuts): void {
  for (const gathered of [puts.full, puts.whole]) {
    for (const write of gathered) putOne(puts, write)
    gathered.length = 0
  }
}

// One array for every call: statements copy what they bind.
const values: SQLInputValue[] = Array(ROWS_PER_INSERT * 3).fill(null)

function putSeveral(puts: RowPuts, gathered: SentWrite[]): void {
  let at = 0
  for (const { key, text, writeTime } of gathered) {
    values[at++] = key
    values[at++] = text
    values[at++] = writeTime
  }
  const { putFull, putWhole } = puts.table
  const statement = gathered === puts.full ? putFull.several : putWhole.several
  // Which were taken is not told: merging what was is a comparison.
  if (statement.run(...values).changes !== gathered.length) for (const write of gathered) puts.merge(write)
  gathered.length = 0
}

function putOne({ table, merge }: RowPuts, write: SentWrite): void {
  const statement = write.kind === WRITE_KINDS.full ? table.putFull.one : table.putWhole.one
  if (statement.run(write.key, write.text, write.writeTime).changes !== 1) merge(write)
}
