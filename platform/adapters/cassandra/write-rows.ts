// Writes of any number: prepared in portions, put into requests (write-requests.ts), and sent to their nodes side by side. As many as a node's
// window lets through are in flight; the caller's own list is all that waits.
import { setImmediate } from 'node:timers/promises'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Write } from '../../ports/store.ts'
import type { CassandraClient, WriteRequest } from './cassandra-client.ts'
import type { CqlTable } from './cql-table.ts'
import { partitionKeyBytes } from './partition-key.ts'
import { type RowStatements, rowStatements } from './row-statements.ts'
import { type Place, writeRequests } from './write-requests.ts'

export interface WriteContext {
  readonly client: CassandraClient
  /** STORE_TABLE_UNKNOWN where there is none. */
  readonly table: (name: string) => CqlTable
  readonly now: () => number
}

/** Resolves when every write is durable; rejects with the first failure when all that was sent is settled. */
export async function writeRows(context: WriteContext, writes: readonly Write[]): Promise<void> {
  const checked = await check(context, writes)
  const sending: Sending = { client: context.client, failures: [], sent: new Set() }
  // Larger groups of one partition are fewer mutations for the server.
  const step = checked === null ? PORTION : writes.length
  for (let start = 0; start < writes.length && sending.failures.length === 0; start += step) {
    // Preparing holds the event loop: let others in between.
    if (start > 0) await setImmediate()
    try {
      const rows = checked ?? prepare(context, writes.slice(start, start + PORTION))
      const byNode = writeRequests(rows, (row) => placeOf(context.client, row))
      // One slow node does not hold up what goes to others.
      await Promise.all([...byNode.values()].map((requests) => send(sending, requests)))
    } catch (error) {
      sending.failures.push(error)
    }
  }
  await Promise.all(sending.sent)
  if (sending.failures.length > 0) throw sending.failures[0]
}

const PORTION = limits.storeMessageRowsMax

interface Sending {
  readonly client: CassandraClient
  readonly failures: unknown[]
  readonly sent: Set<Promise<void>>
}

/** Resolves when all requests of one node are on their way, as fast as it lets them through. Never rejects: nothing more is sent after a failure. */
async function send({ client, failures, sent }: Sending, requests: readonly WriteRequest[]): Promise<void> {
  for (const request of requests) {
    if (failures.length > 0) break
    try {
      const turn = client.writeTurn(request.node, request.statements.length)
      const place = turn instanceof Promise ? await turn : turn
      // The place is given back by what is sent, so it is sent; the next is not.
      const writing: Promise<void> = client
        .write(request, place)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => sent.delete(writing))
      sent.add(writing)
    } catch (error) {
      failures.push(error)
    }
  }
}

function placeOf(client: CassandraClient, { table, row }: RowStatements): Place {
  if (client.isAlone) return NO_PLACE
  const routingKey = partitionKeyBytes(table, row)
  return { node: client.replicaOf(table.keyspace, routingKey), routingKey }
}

/** One node has everything. */
const NO_PLACE: Place = { node: '' }

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
  const request = { ...placeOf(context.client, first), statements }
  await context.client.write(request, await context.client.writeTurn(request.node, statements.length))
}

/**
 * STORE_ROW_INVALID before any is sent. Gives what it has prepared where that need not be prepared again when its turn comes: what is left of a time
 * to live is counted then, and very large calls would fill the memory.
 */
async function check(context: WriteContext, writes: readonly Write[]): Promise<readonly RowStatements[] | null> {
  if (writes.length <= PORTION) return null
  const prepared: RowStatements[] = []
  for (let start = 0; start < writes.length; start += PORTION) {
    const rows = prepare(context, writes.slice(start, start + PORTION))
    if (writes.length <= limits.storePreparedRowsMax) prepared.push(...rows)
    await setImmediate()
  }
  return prepared.length === writes.length && prepared.every(({ table }) => table.ttlMs === null) ? prepared : null
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
