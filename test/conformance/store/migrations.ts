// Migrations add; what would lose or reinterpret data is refused whole, saying where and what to do.
import { describe, expect, it } from 'vitest'
import type { ColumnType, TableDefinition } from '../../../schema/tables.ts'
import { put, type StoreSuite, type TableShape } from './harness.ts'

const SHAPE = {
  columns: { id: 'text', at: 'timestamp', serial: 'int', name: 'text', count: 'int', rank: 'int' },
  partitionKey: ['id'],
  clusteringKey: ['at desc', 'serial'],
  indexes: ['rank'],
} as const satisfies TableShape

const ROW = { id: '1', at: '2026-01-01T00:00:00.000Z', serial: 1, name: 'a', count: 1 }

function withType(table: TableDefinition, name: string, type: ColumnType): TableDefinition {
  return { ...table, columns: table.columns.map((column) => (column.name === name ? { ...column, type } : column)) }
}

/** Changes of the table above, each with words that its refusal must have. */
const REFUSED: readonly {
  what: string
  change: (table: TableDefinition) => TableDefinition
  names: readonly string[]
}[] = [
  {
    what: 'a column that is gone',
    change: (table) => ({ ...table, columns: table.columns.filter((column) => column.name !== 'name') }),
    names: ['name'],
  },
  {
    what: 'a column of a type that is not wider',
    change: (table) => withType(table, 'count', 'text'),
    names: ['count', 'text', 'bigint, decimal, double'],
  },
  { what: 'a key column of a wider type', change: (table) => withType(table, 'serial', 'bigint'), names: ['serial'] },
  { what: 'an indexed column of a wider type', change: (table) => withType(table, 'rank', 'bigint'), names: ['rank'] },
  {
    what: 'a new column that every row must have',
    change: (table) => ({
      ...table,
      columns: [...table.columns, { name: 'added', cqlName: 'added', type: 'text', required: true }],
    }),
    names: ['added', 'optional'],
  },
  {
    what: 'a column of another CQL name',
    change: (table) => ({
      ...table,
      columns: table.columns.map((column) => (column.name === 'count' ? { ...column, cqlName: 'counted' } : column)),
    }),
    names: ['count', 'counted'],
  },
  {
    what: 'another partition key',
    change: (table) => ({ ...table, partitionKey: ['id', 'name'] }),
    names: ['id, name'],
  },
  { what: 'another clustering key', change: (table) => ({ ...table, clusteringKey: [] }), names: ['at DESC'] },
  {
    what: 'another clustering order',
    change: (table) => ({
      ...table,
      clusteringKey: [
        { column: 'at', order: 'ASC' },
        { column: 'serial', order: 'ASC' },
      ],
    }),
    names: ['at ASC'],
  },
  { what: 'another owner', change: (table) => ({ ...table, owner: 'others/table' }), names: ['others/table'] },
  {
    what: 'a key column that is not defined',
    change: (table) => ({ ...table, columns: table.columns.filter((column) => column.name !== 'at') }),
    names: ['at'],
  },
]

export function describeMigrations(suite: StoreSuite): void {
  describe('a migration', () => {
    it('adds tables, columns and indexes to what is there, and may be repeated', async () => {
      const before = suite.define(SHAPE)
      const row = ROW
      await suite.store.migrate([before])
      await suite.store.write([put(before.name, row, 1)])
      const after: TableDefinition = {
        ...before,
        columns: [...before.columns, { name: 'flag', cqlName: 'flag', type: 'boolean' }],
        indexes: ['rank', 'name'],
      }
      const other = suite.define(SHAPE)
      await suite.store.migrate([after, other])
      await suite.store.migrate([after, other])
      await suite.store.write([put(before.name, { ...row, id: '2', flag: true }, 1)])
      const rows = await suite.store.byIndex(before.name, { column: 'name', value: 'a', limit: 5 })
      expect(rows.rows.toSorted((left, right) => Number(left['id']) - Number(right['id']))).toEqual([
        row,
        { ...row, id: '2', flag: true },
      ])
      expect(await suite.store.scan(other.name, { limit: 1 })).toEqual({ rows: [], more: false })
    })

    it('leaves tables alone that it does not name', async () => {
      const table = await suite.table({ columns: { id: 'text' }, partitionKey: ['id'] })
      await suite.store.write([put(table, { id: '1' }, 1)])
      await suite.store.migrate([suite.define(SHAPE)])
      expect((await suite.store.scan(table, { limit: 5 })).rows).toEqual([{ id: '1' }])
    })

    it('may run at the same time as others', async () => {
      const tables = Array.from({ length: 6 }, () => suite.define(SHAPE))
      await Promise.all(tables.map((table) => suite.store.migrate([table])))
      for (const table of tables) expect((await suite.store.scan(table.name, { limit: 1 })).rows).toEqual([])
    })

    it.each(REFUSED)('to $what is refused whole, naming it', async ({ change, names }) => {
      const before = suite.define(SHAPE)
      const other = suite.define(SHAPE)
      const row = ROW
      await suite.store.migrate([before])
      await suite.store.write([put(before.name, row, 1)])
      const failure: unknown = await suite.store.migrate([other, change(before)]).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'STORE_MIGRATION_REFUSED', retryable: false })
      for (const name of [before.name, ...names]) expect(String(failure)).toContain(name)
      await expect(suite.store.scan(other.name, { limit: 1 })).rejects.toMatchObject({ code: 'STORE_TABLE_UNKNOWN' })
      expect((await suite.store.scan(before.name, { limit: 5 })).rows).toEqual([row])
    })

    it('gives a table without rows a column that every row must have', async () => {
      const before = suite.define(SHAPE)
      await suite.store.migrate([before])
      const after: TableDefinition = {
        ...before,
        columns: [...before.columns, { name: 'added', cqlName: 'added', type: 'text', required: true }],
      }
      await suite.store.migrate([after])
      await suite.store.write([put(before.name, { ...ROW, added: 'x' }, 1)])
      // Where it is there already, nothing is new.
      await suite.store.migrate([after])
      expect((await suite.store.scan(before.name, { limit: 5 })).rows).toEqual([{ ...ROW, added: 'x' }])
    })

    it('widens a column: what was written before is read as a value of the wider type, and the newest write wins over both', async () => {
      const before = suite.define({
        columns: { id: 'text', count: 'int', size: 'int', share: 'int', owner: 'uuid' },
        partitionKey: ['id'],
      })
      await suite.store.migrate([before])
      const owner = '0b0a1a52-7e5c-4e0b-9d9f-0c8f6f3d2c11'
      const old = { count: -7, size: 12, share: 3, owner }
      await suite.store.write(['old', 'newer', 'late', 'cleared'].map((id) => put(before.name, { id, ...old }, 5)))
      let after = before
      for (const [name, type] of [
        ['count', 'bigint'],
        ['size', 'decimal'],
        ['share', 'double'],
        ['owner', 'text'],
      ] as const) {
        after = withType(after, name, type)
      }
      await suite.store.migrate([after])
      await suite.store.migrate([after])
      const wide = { count: '9007199254740993', size: '1.5', share: 0.25, owner: 'nobody' }
      await suite.store.write([
        put(before.name, { id: 'newer', ...wide }, 6),
        put(before.name, { id: 'late', ...wide }, 4),
        put(before.name, { id: 'cleared', count: null, owner: null }, 6),
        put(before.name, { id: 'new', ...wide }, 1),
      ])
      const widened = { count: '-7', size: '12', share: 3, owner }
      const expected = new Map<string, object | null>([
        ['old', { id: 'old', ...widened }],
        ['newer', { id: 'newer', ...wide }],
        ['late', { id: 'late', ...widened }],
        ['cleared', { id: 'cleared', size: '12', share: 3 }],
        ['new', { id: 'new', ...wide }],
      ])
      const ids = [...expected.keys()]
      const read = await suite.store.read(
        before.name,
        ids.map((id) => ({ id })),
        { writeTimes: true },
      )
      expect(read.map((stored) => stored?.row)).toEqual([...expected.values()])
      const times = { count: 5, size: 5, share: 5, owner: 5 }
      expect(read.map((stored) => stored?.writeTimes)).toEqual([
        times,
        { count: 6, size: 6, share: 6, owner: 6 },
        times,
        { size: 5, share: 5 },
        { count: 1, size: 1, share: 1, owner: 1 },
      ])
      const { rows } = await suite.store.scan(before.name, { limit: 10 })
      expect(new Map(rows.map((row) => [row['id'], row]))).toEqual(expected)
    })

    it('widens a column twice', async () => {
      const before = suite.define({ columns: { id: 'text', count: 'int' }, partitionKey: ['id'] })
      await suite.store.migrate([before])
      await suite.store.write([put(before.name, { id: '1', count: 1 }, 1)])
      await suite.store.migrate([withType(before, 'count', 'bigint')])
      await suite.store.write([put(before.name, { id: '2', count: '5000000000' }, 1)])
      await suite.store.migrate([withType(before, 'count', 'decimal')])
      await suite.store.write([put(before.name, { id: '3', count: '0.5' }, 1)])
      const read = await suite.store.read(before.name, [{ id: '1' }, { id: '2' }, { id: '3' }])
      expect(read.map((stored) => stored?.row['count'])).toEqual(['1', '5000000000', '0.5'])
    })

    it('says every problem at once', async () => {
      const before = suite.define(SHAPE)
      await suite.store.migrate([before])
      const broken = { ...before, columns: before.columns.filter(({ name }) => name !== 'name' && name !== 'count') }
      const failure = String(await suite.store.migrate([broken]).catch((error: unknown) => error))
      expect([failure.includes('name'), failure.includes('count')]).toEqual([true, true])
    })
  })
}
