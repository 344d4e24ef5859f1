// Migrations add; what would lose or reinterpret data is refused whole, saying where and what to do.
import { describe, expect, it } from 'vitest'
import type { TableDefinition } from '../../../schema/tables.ts'
import { put, type StoreSuite, type TableShape } from './harness.ts'

const SHAPE = {
  columns: { id: 'text', at: 'timestamp', name: 'text', count: 'int' },
  partitionKey: ['id'],
  clusteringKey: ['at desc'],
} as const satisfies TableShape

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
    what: 'a column of another type',
    change: (table) => ({
      ...table,
      columns: table.columns.map((column) => (column.name === 'count' ? { ...column, type: 'bigint' } : column)),
    }),
    names: ['count', 'bigint'],
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
    change: (table) => ({ ...table, clusteringKey: [{ column: 'at', order: 'ASC' }] }),
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
      const row = { id: '1', at: '2026-01-01T00:00:00.000Z', name: 'a', count: 1 }
      await suite.store.migrate([before])
      await suite.store.write([put(before.name, row, 1)])
      const after: TableDefinition = {
        ...before,
        columns: [...before.columns, { name: 'flag', cqlName: 'flag', type: 'boolean' }],
        indexes: ['name'],
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
      const row = { id: '1', at: '2026-01-01T00:00:00.000Z', name: 'a', count: 1 }
      await suite.store.migrate([before])
      await suite.store.write([put(before.name, row, 1)])
      const failure: unknown = await suite.store.migrate([other, change(before)]).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'STORE_MIGRATION_REFUSED', retryable: false })
      for (const name of [before.name, ...names]) expect(String(failure)).toContain(name)
      await expect(suite.store.scan(other.name, { limit: 1 })).rejects.toMatchObject({ code: 'STORE_TABLE_UNKNOWN' })
      expect((await suite.store.scan(before.name, { limit: 5 })).rows).toEqual([row])
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
