// Secondary indexes: they follow every change of a row, and page in scan order.
import { describe, expect, it } from 'vitest'
import type { Row } from '../../../schema/row.ts'
import { allPages, defineTable, EVERY_TYPE, pick, put, type StoreSuite } from './harness.ts'

const SHAPE = {
  ...EVERY_TYPE,
  indexes: ['name', 'flag', 'amount', 'count', 'ratio', 'day', 'uid', 'at', 'big'],
} as const
const keyOf = (row: Row): Row => pick(row, ['id'])

export function describeIndexes(suite: StoreSuite): void {
  const find = async (table: string, column: string, value: string | number | boolean): Promise<unknown[]> => {
    const { rows } = await suite.store.byIndex(table, { column, value, limit: 100 })
    return rows.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])).toSorted()
  }

  describe('an index', () => {
    it('finds the rows that have the value, for every scalar type', async () => {
      const table = await suite.table(SHAPE)
      const cells: Row = {
        name: 'a\u0000',
        flag: false,
        amount: '1.5',
        count: -1,
        ratio: -0.25,
        day: '2026-01-01',
        uid: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
        at: '2026-01-01T00:00:00.000Z',
        big: '-5',
      }
      const other = { name: 'a', flag: true, amount: '1.51', count: 1, ratio: 0.25, big: '5' }
      await suite.store.write([
        put(table, { id: '1', ...cells }, 1),
        put(table, { id: '2', ...cells }, 1),
        put(table, { id: '3', ...other }, 1),
        put(table, { id: '4' }, 1),
      ])
      for (const [column, value] of Object.entries(cells)) {
        if (value === null || typeof value === 'object') continue
        expect([column, await find(table, column, value)]).toEqual([column, ['1', '2']])
      }
      expect(await find(table, 'name', 'nobody')).toEqual([])
    })

    it('follows changes, nulls, deletes and late writes', async () => {
      const table = await suite.table(SHAPE)
      const { store } = suite
      await store.write([put(table, { id: '1', name: 'a' }, 10), put(table, { id: '2', name: 'a' }, 10)])
      await store.write([put(table, { id: '1', name: 'b' }, 20)])
      expect([await find(table, 'name', 'a'), await find(table, 'name', 'b')]).toEqual([['2'], ['1']])
      await store.write([put(table, { id: '1', name: 'a' }, 15)])
      expect([await find(table, 'name', 'a'), await find(table, 'name', 'b')]).toEqual([['2'], ['1']])
      await store.write([put(table, { id: '1', name: null }, 30)])
      expect([await find(table, 'name', 'a'), await find(table, 'name', 'b')]).toEqual([['2'], []])
      await store.write([{ kind: 'delete', table, key: { id: '2' }, writeTime: 30 }])
      expect(await find(table, 'name', 'a')).toEqual([])
      await store.write([put(table, { id: '2', name: 'a' }, 40)])
      expect(await find(table, 'name', 'a')).toEqual(['2'])
    })

    it('pages in scan order, both ways, also after a row that has gone', async () => {
      const table = await suite.table(SHAPE)
      const ids = Array.from({ length: 25 }, (_, at) => String(at))
      await suite.store.write(ids.map((id) => put(table, { id, flag: Number(id) % 2 === 0 }, 1)))
      const even = (await suite.store.scan(table, { limit: 100 })).rows.filter((row) => row['flag'] === true)
      for (const size of [1, 2, 5, 13, 14]) {
        for (const order of ['FORWARD', 'REVERSE'] as const) {
          const request = { column: 'flag', value: true, order }
          const rows = await allPages((bounds) => suite.store.byIndex(table, { ...request, ...bounds }), {
            size,
            keyOf,
          })
          expect(rows).toEqual(order === 'FORWARD' ? even : even.toReversed())
        }
      }
      const gone = even[3] ?? {}
      await suite.store.write([put(table, { ...gone, flag: false }, 2)])
      const after = await suite.store.byIndex(table, { column: 'flag', value: true, limit: 1, after: keyOf(gone) })
      expect(after).toEqual({ rows: [even[4]], more: true })
    })

    it('added to a table covers the rows that were there, and stays right while a migration leaves it out', async () => {
      const before = suite.define(EVERY_TYPE)
      const after = defineTable(before.name, { ...EVERY_TYPE, indexes: ['name'] })
      await suite.store.migrate([before])
      await suite.store.write([
        put(before.name, { id: '1', name: 'a' }, 1),
        put(before.name, { id: '2', name: 'b' }, 1),
      ])
      await suite.store.write([{ kind: 'delete', table: before.name, key: { id: '2' }, writeTime: 2 }])
      await suite.store.migrate([after])
      expect([await find(before.name, 'name', 'a'), await find(before.name, 'name', 'b')]).toEqual([['1'], []])
      await suite.store.migrate([before])
      await suite.store.write([
        put(before.name, { id: '1', name: 'c' }, 3),
        put(before.name, { id: '4', name: 'a' }, 3),
      ])
      await suite.store.migrate([after])
      expect([await find(before.name, 'name', 'a'), await find(before.name, 'name', 'c')]).toEqual([['4'], ['1']])
    })

    it('may be on a key column', async () => {
      const shape = {
        columns: { id: 'text', part: 'int' },
        partitionKey: ['id'],
        clusteringKey: ['part'],
        indexes: ['part'],
      } as const
      const table = await suite.table(shape)
      await suite.store.write(['a', 'b'].flatMap((id) => [1, 2].map((part) => put(table, { id, part }, 1))))
      expect(await find(table, 'part', 2)).toEqual(['a', 'b'])
    })
  })
}
