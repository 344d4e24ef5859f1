// Reads of single rows by key: one wave, each key once, as many in flight as the gate lets through; answers in the order of the keys. Keys
// of one replica that differ in one column are asked for together.
import type { types } from 'cassandra-driver'
import type { Row } from '../../../schema/row.ts'
import type { ColumnType } from '../../../schema/tables.ts'
import { limits } from '../../limits.ts'
import type { ReadOptions, StoredRow, WriteTime } from '../../ports/store.ts'
import { checkKeyCount } from '../../row-check.ts'
import type { CassandraClient, SelectOptions } from './cassandra-client.ts'
import { type CqlTable, keyParams, newestCell, rowOf } from './cql-table.ts'
import { partitionKeyBytes } from './partition-key.ts'

/** Keys whose values come back just as they are asked for, so that a row of several is known by its key. */
const TOGETHER_TYPES: ReadonlySet<ColumnType> = new Set(['text', 'uuid', 'int', 'bigint', 'date', 'timestamp'])

interface WantedKey {
  readonly text: string
  readonly row: Row
  readonly params: readonly unknown[]
}

interface Request {
  readonly keys: readonly WantedKey[]
  readonly query: string
  readonly params: readonly unknown[]
  readonly options: SelectOptions
}

export async function readRows(
  client: CassandraClient,
  table: CqlTable,
  request: { readonly keys: readonly Row[]; readonly options: ReadOptions | undefined },
): Promise<readonly (StoredRow | null)[]> {
  const { keys, options } = request
  checkKeyCount(table.name, keys.length)
  const withTimes = options?.writeTimes === true
  // All keys are checked before the first is read.
  const wanted = keys.map((row): WantedKey => {
    const params = keyParams(table, table.key, row)
    return { text: keyText(params), row, params }
  })
  const found = new Map<string, StoredRow | null>()
  const failures: unknown[] = []
  const reading: Promise<void>[] = []
  for (const { keys: asked, query, params, options } of requests(client, table, { wanted, withTimes })) {
    if (failures.length > 0) break
    const turn = client.readTurn(asked.length)
    const place = turn instanceof Promise ? await turn : turn
    const sent = client.selectInTurn(query, params, { ...options, place }).then(
      ({ rows }) => {
        for (const result of rows) {
          const stored = storedRow(table, result, withTimes)
          const [only] = asked
          const text = asked.length === 1 ? only?.text : keyText(keyParams(table, table.key, stored.row))
          if (text !== undefined) found.set(text, stored)
        }
      },
      (error: unknown) => void failures.push(error),
    )
    reading.push(sent)
  }
  await Promise.all(reading)
  if (failures.length > 0) throw failures[0]
  return wanted.map(({ text }) => found.get(text) ?? null)
}

function keyText(params: readonly unknown[]): string {
  return JSON.stringify(params)
}

/** Each key in one of them. */
function requests(
  client: CassandraClient,
  table: CqlTable,
  { wanted, withTimes }: { readonly wanted: readonly WantedKey[]; readonly withTimes: boolean },
): readonly Request[] {
  const distinct = new Map(wanted.map((key) => [key.text, key]))
  // What cannot be stored is nowhere; Cassandra would refuse the question.
  const keys = [...distinct.values()].filter(({ row }) => table.storableProblem(row) === null)
  const { read, readWithTimes, readMany, readManyWithTimes } = table.statements
  const single = withTimes ? readWithTimes : read
  const differing = table.key.every(({ type }) => TOGETHER_TYPES.has(type)) ? differingColumn(keys) : null
  const many = differing === null ? undefined : (withTimes ? readManyWithTimes : readMany)[differing]
  if (differing === null || many === undefined) {
    return keys.map((key) => ({ keys: [key], query: single, params: key.params, options: {} }))
  }
  return together(client, table, { keys, differing }).map((group): Request => {
    const [first] = group
    if (group.length === 1 && first !== undefined) {
      return { keys: group, query: single, params: first.params, options: {} }
    }
    const options = first === undefined ? {} : { routingKey: partitionKeyBytes(table, first.row) }
    const params = first?.params.map((param, at) =>
      at === differing ? group.map((key) => key.params[differing]) : param,
    )
    return { keys: group, query: many, params: params ?? [], options }
  })
}

/** The place of the key's column that has the most values; null of a single key. */
function differingColumn(keys: readonly WantedKey[]): number | null {
  const columns = keys.length < 2 ? 0 : (keys[0]?.params.length ?? 0)
  let most: { readonly at: number; readonly values: number } | null = null
  for (let at = 0; at < columns; at += 1) {
    const values = columns === 1 ? keys.length : new Set(keys.map(({ params }) => params[at])).size
    if (most === null || values >= most.values) most = { at, values }
  }
  return most?.at ?? null
}

/**
 * Keys of one replica that differ in the one column alone, at most so many at once: they are spread over requests, which the replica works at
 * side by side.
 */
function together(
  client: CassandraClient,
  table: CqlTable,
  { keys, differing }: { readonly keys: readonly WantedKey[]; readonly differing: number },
): readonly WantedKey[][] {
  const groups = Map.groupBy(keys, ({ row, params }) => {
    const others = params.length === 1 ? [] : params.toSpliced(differing, 1)
    return JSON.stringify([client.replicaOf(table.keyspace, partitionKeyBytes(table, row)), ...others.map(String)])
  })
  return [...groups.values()].flatMap((group) => {
    const count = Math.ceil(group.length / limits.storeReadKeysMax)
    const size = Math.ceil(group.length / count)
    return Array.from({ length: count }, (_, index) => group.slice(index * size, (index + 1) * size))
  })
}

function storedRow(table: CqlTable, result: types.Row, withTimes: boolean): StoredRow {
  const row = rowOf(table, result)
  if (!withTimes) return { row }
  const writeTimes: Record<string, WriteTime> = {}
  for (const { name, isFormer, timeName } of table.cells) {
    if (isFormer) continue
    const same = table.widened.get(name)
    const time: unknown = result[same === undefined ? timeName : (newestCell(same, result)?.timeName ?? timeName)]
    if (time !== null && time !== undefined && row[name] !== undefined) writeTimes[name] = Number(time)
  }
  return { row, writeTimes }
}
