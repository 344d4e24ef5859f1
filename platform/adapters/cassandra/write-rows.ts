// Writes of any number: prepared in portions, those of one partition together in one unlogged batch, which is one mutation of the server.
// As many as the gate lets through are in flight; the caller's own list is all that waits.
import { setImmediate } from 'node:timers/promises'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Write } from '../../ports/store.ts'
import type { CassandraClient, Statement } from './cassandra-client.ts'
import type { CqlTable } from './cql-table.ts'
import { type RowStatements, rowStatements } from './row-statements.ts'

export interface WriteContext {
  readonly client: CassandraClient
  /** STORE_TABLE_UNKNOWN where there is none. */
  readonly table: (name: string) => CqlTable
  readonly now: () => number
}

/** Resolves when every write is durable; rejects with the first failure when all that was sent is settled. */
export async function writeRows(context: WriteContext, writes: readonly Write[]): Promise<void> {
  await check(context, writes)
  const sending = new Set<Promise<void>>()
  const failures: unknown[] = []
  for (let start = 0; start < writes.length && failures.length === 0; start += limits.storeMessageRowsMax) {
    // Preparing holds the event loop: let others in between.
    if (start > 0) await setImmediate()
    try {
      const rows = prepare(context, writes.slice(start, start + limits.storeMessageRowsMax))
      for (const statements of requests(rows)) {
        const turn = context.client.writeTurn()
        if (turn !== null) await turn
        // The place is given back by what is sent, so it is sent; the next is not.
        const sent: Promise<void> = context.client
          .write(statements)
          .catch((error: unknown) => void failures.push(error))
          .finally(() => sending.delete(sent))
        sending.add(sent)
        if (failures.length > 0) break
      }
    } catch (error) {
      failures.push(error)
    }
  }
  await Promise.all(sending)
  if (failures.length > 0) throw failures[0]
}

/** All or nothing: one mutation of one partition. */
export async function writeRowsAtomically(context: WriteContext, writes: readonly Write[]): Promise<void> {
  const rows = prepare(context, writes)
  const [first] = rows
  if (first === undefined) return
  const other = rows.find((row) => row.partition !== first.partition)
  if (other !== undefined) {
    throw new MeshgateError(
      'STORE_ROW_INVALID',
      `An atomic write has rows of several partitions (tables ${first.table.name}, ${other.table.name}): split it by partition.`,
    )
  }
  const statements = rows.flatMap((row) => row.statements)
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0)
  if (bytes > limits.storeMutationBytesMax || statements.length > limits.storeMutationStatementsMax) {
    throw new MeshgateError(
      'STORE_ROW_INVALID',
      `An atomic write of table ${first.table.name} has ${statements.length} statements and about ${bytes} bytes: give at most ` +
        `${limits.storeMutationStatementsMax} and ${limits.storeMutationBytesMax} at once, in smaller steps.`,
    )
  }
  await context.client.writeTurn()
  await context.client.write(statements)
}

/** STORE_ROW_INVALID before any is sent. Prepared again when their turn comes: what is left of a time to live is counted then. */
async function check(context: WriteContext, writes: readonly Write[]): Promise<void> {
  if (writes.length <= limits.storeMessageRowsMax) return
  for (let start = 0; start < writes.length; start += limits.storeMessageRowsMax) {
    prepare(context, writes.slice(start, start + limits.storeMessageRowsMax))
    await setImmediate()
  }
}

function prepare({ table, now }: WriteContext, writes: readonly Write[]): RowStatements[] {
  const nowMs = now()
  return writes.map((write) => {
    const row = rowStatements(table(write.table), write, nowMs)
    if (row.bytes <= limits.storeMutationBytesMax) return row
    throw new MeshgateError(
      'STORE_ROW_INVALID',
      `A row of table ${write.table} has about ${row.bytes} bytes: give at most ${limits.storeMutationBytesMax}.`,
    )
  })
}

/** The statements of one request each: of one partition, and not too many. */
function* requests(rows: readonly RowStatements[]): Generator<readonly Statement[]> {
  for (const [, partition] of Map.groupBy(rows, (row) => row.partition)) {
    let statements: Statement[] = []
    let bytes = 0
    for (const row of partition) {
      const full =
        bytes + row.bytes > limits.storeBatchBytesMax ||
        statements.length + row.statements.length > limits.storeBatchStatementsMax
      if (full && statements.length > 0) {
        yield statements
        statements = []
        bytes = 0
      }
      statements.push(...row.statements)
      bytes += row.bytes
    }
    if (statements.length > 0) yield statements
  }
}
