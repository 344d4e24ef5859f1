// Reads of single rows by key: one wave, each key once, as many in flight as the gate lets through; answers in the order of the keys.
import type { types } from 'cassandra-driver'
import type { Row } from '../../../schema/row.ts'
import type { ReadOptions, StoredRow, WriteTime } from '../../ports/store.ts'
import { checkKeyCount } from '../../row-check.ts'
import type { CassandraClient } from './cassandra-client.ts'
import { type CqlTable, keyParams, rowOf } from './cql-table.ts'
import { writeTimeName } from './table-statements.ts'

export async function readRows(
  client: CassandraClient,
  table: CqlTable,
  request: { readonly keys: readonly Row[]; readonly options: ReadOptions | undefined },
): Promise<readonly (StoredRow | null)[]> {
  const { keys, options } = request
  checkKeyCount(table.name, keys.length)
  const withTimes = options?.writeTimes === true
  const query = withTimes ? table.statements.readWithTimes : table.statements.read
  // All keys are checked before the first is read.
  const wanted = keys.map((key) => keyParams(table, table.key, key))
  const texts = wanted.map((params) => JSON.stringify(params))
  const found = new Map<string, StoredRow | null>()
  const failures: unknown[] = []
  const reading: Promise<void>[] = []
  for (const [at, params] of wanted.entries()) {
    const text = texts[at] ?? ''
    if (found.has(text) || failures.length > 0) continue
    found.set(text, null)
    // What cannot be stored is nowhere; Cassandra would refuse the question.
    if (table.storableProblem(keys[at] ?? {}) !== null) continue
    const turn = client.readTurn()
    if (turn !== null) await turn
    const sent = client.selectInTurn(query, params).then(
      (result) => void found.set(text, storedRow(table, result.first(), withTimes)),
      (error: unknown) => void failures.push(error),
    )
    reading.push(sent)
  }
  await Promise.all(reading)
  if (failures.length > 0) throw failures[0]
  return texts.map((text) => found.get(text) ?? null)
}

function storedRow(table: CqlTable, result: types.Row | null, withTimes: boolean): StoredRow | null {
  if (result === null || result === undefined) return null
  const row = rowOf(table, result)
  if (!withTimes) return { row }
  const writeTimes: Record<string, WriteTime> = {}
  for (const [cell, { name }] of table.cells.entries()) {
    const time: unknown = result[writeTimeName(cell)]
    if (time !== null && time !== undefined && row[name] !== undefined) writeTimes[name] = Number(time)
  }
  return { row, writeTimes }
}
