// Waves of keys of every kind that may be a key alone: however many are asked for together, each gets its own row.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import type { Value } from '../../schema/row.ts'
import type { ColumnType, TableDefinition } from '../../schema/tables.ts'
import { cassandraAddress, describeServers } from '../servers/test-servers.ts'
import { dropKeyspace, newKeyspace, openStore } from './cassandra-harness.ts'

const COUNT = 50

const KEYS: Readonly<Partial<Record<ColumnType, (at: number) => Value>>> = {
  text: (at) => `k"'é,${at}`,
  uuid: (at) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
  int: (at) => at - 25,
  bigint: (at) => String(9_007_199_254_740_993n + BigInt(at)),
  decimal: (at) => `${at}.5`,
  timestamp: (at) => new Date(1.7e12 + at).toISOString(),
}

const tableOf = (type: string): TableDefinition => ({
  name: `by_${type}`,
  owner: 'test/waves',
  columns: [
    { name: 'id', cqlName: 'id', type: type as ColumnType },
    { name: 'text', cqlName: 'text', type: 'text' },
  ],
  partitionKey: ['id'],
  clusteringKey: [],
  ttlMs: null,
  indexes: [],
})

/** A key of three columns: partitions of two. */
const DAYS: TableDefinition = {
  name: 'days',
  owner: 'test/waves',
  columns: [
    { name: 'store', cqlName: 'store', type: 'text' },
    { name: 'day', cqlName: 'day', type: 'date' },
    { name: 'at', cqlName: 'at', type: 'timestamp' },
    { name: 'text', cqlName: 'text', type: 'text' },
  ],
  partitionKey: ['store', 'day'],
  clusteringKey: [{ column: 'at', order: 'DESC' }],
  ttlMs: null,
  indexes: [],
}

describeServers('on a real server', () => {
  const keyspace = newKeyspace()
  let store: CassandraStore

  beforeAll(async () => {
    store = await openStore(await cassandraAddress(), keyspace)
    await store.migrate([...Object.keys(KEYS).map(tableOf), DAYS])
  })

  afterAll(async () => {
    await store.close()
    await dropKeyspace(await cassandraAddress(), keyspace)
  })

  it.each(Object.entries(KEYS))(
    'a wave by %s finds each row by its key, and null where there is none',
    async (type, keyOf) => {
      const table = `by_${type}`
      const keys = Array.from({ length: COUNT }, (_, at) => ({ id: keyOf(at) }))
      const rows = keys.map((key, at) => ({ ...key, text: String(at) }))
      const stored = rows.filter((_, at) => at % 3 !== 0)
      await store.write(stored.map((row) => ({ kind: 'put', table, row, writeTime: 5 })))
      const asked = [...keys.toReversed(), ...keys]
      const expected = rows.map((row, at) => (at % 3 === 0 ? null : { row, writeTimes: { text: 5 } }))
      expect(await store.read(table, asked, { writeTimes: true })).toEqual([...expected.toReversed(), ...expected])
    },
  )

  it.each([
    ['any', (at: number) => [at % 4, at % 5, at % 3]],
    ['the first', (at: number) => [at, 1, 1]],
    ['the second', (at: number) => [1, at, 1]],
    ['the last', (at: number) => [1, 1, at]],
  ] as const)('a wave by keys of several columns, of which %s differs, finds each row', async (_, numbersOf) => {
    const keys = Array.from({ length: COUNT }, (_number, at) => {
      const [store_ = 0, day = 0, minute = 0] = numbersOf(at)
      return {
        store: `store ${store_}`,
        day: new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10),
        at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
      }
    })
    const textOf = (key: object): string => JSON.stringify(key)
    const stored = keys.filter((_key, at) => at % 3 !== 0)
    await store.write(
      stored.map((key) => ({ kind: 'put', table: DAYS.name, row: { ...key, text: textOf(key) }, writeTime: 5 })),
    )
    const known = new Set(stored.map(textOf))
    const all = await store.read(DAYS.name, [...keys].toReversed(), { writeTimes: true })
    const found = all.map((row) => row?.row['text'] ?? null).toReversed()
    // Waves before may have written some of the same.
    for (const [at, key] of keys.entries()) {
      if (known.has(textOf(key))) expect(found[at]).toBe(textOf(key))
      else expect([null, textOf(key)]).toContain(found[at])
    }
  })
})
