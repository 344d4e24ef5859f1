// Rules of single cells: the last write wins, ties, unset against null, write times.
import { describe, expect, it } from 'vitest'
import type { Value } from '../../../schema/row.ts'
import type { ColumnType } from '../../../schema/tables.ts'
import { EVERY_TYPE, put, type StoreSuite } from './harness.ts'

/** Two values of one write time: the winner has the greater CQL bytes, so a negative number beats a positive one. */
const TIES: readonly { column: string; type: ColumnType; loses: Value; wins: Value }[] = [
  { column: 'name', type: 'text', loses: 'a', wins: 'ab' },
  { column: 'name', type: 'text', loses: '\uffff', wins: '😀' },
  { column: 'name', type: 'text', loses: '', wins: '\u0000' },
  { column: 'count', type: 'int', loses: 1, wins: 2 },
  { column: 'count', type: 'int', loses: 2_147_483_647, wins: -2_147_483_648 },
  { column: 'count', type: 'int', loses: -2, wins: -1 },
  { column: 'big', type: 'bigint', loses: '9223372036854775807', wins: '-1' },
  { column: 'ratio', type: 'double', loses: 1.5, wins: 2 },
  { column: 'ratio', type: 'double', loses: 1e300, wins: -0.5 },
  { column: 'flag', type: 'boolean', loses: false, wins: true },
  // By scale first, then by the unscaled value: 9.9 has one digit after the point, 1.05 two.
  { column: 'amount', type: 'decimal', loses: '9.9', wins: '1.05' },
  { column: 'amount', type: 'decimal', loses: '5', wins: '-5' },
  { column: 'at', type: 'timestamp', loses: '2026-01-01T00:00:00.000Z', wins: '2026-01-01T00:00:00.001Z' },
  { column: 'at', type: 'timestamp', loses: '2026-01-01T00:00:00.000Z', wins: '1969-12-31T23:59:59.999Z' },
  { column: 'day', type: 'date', loses: '1969-12-31', wins: '2026-01-01' },
  {
    column: 'uid',
    type: 'uuid',
    loses: '00000000-0000-4000-8000-000000000000',
    wins: 'f0000000-0000-1000-8000-000000000000',
  },
  { column: 'document', type: 'json', loses: { a: 1 }, wins: { b: 0 } },
]

export function describeCells(suite: StoreSuite): void {
  describe('a cell', () => {
    it('has the value of the highest write time, in whatever order the writes come', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '1', name: 'new', count: 1 }, 20)])
      await suite.store.write([put(table, { id: '1', name: 'old', count: 2, flag: true }, 10)])
      await suite.store.write([put(table, { id: '1', count: 3 }, 30)])
      expect(await suite.store.read(table, [{ id: '1' }], { writeTimes: true })).toEqual([
        { row: { id: '1', name: 'new', count: 3, flag: true }, writeTimes: { name: 20, count: 30, flag: 10 } },
      ])
    })

    it('decides among writes of one call by write time alone', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([
        put(table, { id: '1', name: 'second' }, 2),
        put(table, { id: '1', name: 'third' }, 3),
        put(table, { id: '1', name: 'first', count: 1 }, 1),
      ])
      expect(await suite.row(table, { id: '1' })).toEqual({ id: '1', name: 'third', count: 1 })
    })

    it.each(TIES)('of type $type, tied between $loses and $wins, has $wins in both orders', async (tie) => {
      const table = await suite.table(EVERY_TYPE)
      const { column, loses, wins } = tie
      await suite.store.write([put(table, { id: 'up', [column]: loses }, 5)])
      await suite.store.write([put(table, { id: 'up', [column]: wins }, 5)])
      await suite.store.write([put(table, { id: 'down', [column]: wins }, 5)])
      await suite.store.write([put(table, { id: 'down', [column]: loses }, 5)])
      const rows = await suite.store.read(table, [{ id: 'up' }, { id: 'down' }])
      expect(rows).toEqual([{ row: { id: 'up', [column]: wins } }, { row: { id: 'down', [column]: wins } }])
    })

    it('is null when a null ties with a value', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: 'up', name: 'a' }, 5)])
      await suite.store.write([put(table, { id: 'up', name: null }, 5)])
      await suite.store.write([put(table, { id: 'down', name: null }, 5)])
      await suite.store.write([put(table, { id: 'down', name: 'a' }, 5)])
      const rows = await suite.store.read(table, [{ id: 'up' }, { id: 'down' }], { writeTimes: true })
      expect(rows).toEqual([
        { row: { id: 'up' }, writeTimes: {} },
        { row: { id: 'down' }, writeTimes: {} },
      ])
    })

    it('stays when a later write leaves it out, and goes when a later write has null', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '1', name: 'a', count: 1 }, 10)])
      await suite.store.write([put(table, { id: '1', name: null }, 20)])
      expect(await suite.row(table, { id: '1' })).toEqual({ id: '1', count: 1 })
    })

    it('stays null when an older value comes late, and has a newer value again', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '1', name: null }, 20)])
      await suite.store.write([put(table, { id: '1', name: 'late' }, 19)])
      expect(await suite.row(table, { id: '1' })).toEqual({ id: '1' })
      await suite.store.write([put(table, { id: '1', name: 'newer' }, 21)])
      expect(await suite.row(table, { id: '1' })).toEqual({ id: '1', name: 'newer' })
    })

    it('may have a write time of its own', async () => {
      const table = await suite.table(EVERY_TYPE)
      const mixed = {
        ...put(table, { id: '1', name: 'a', count: 1, flag: null }, 50),
        writeTimes: { name: 10, flag: 90 },
      }
      await suite.store.write([mixed])
      await suite.store.write([put(table, { id: '1', name: 'b', count: 2, flag: true }, 30)])
      expect(await suite.store.read(table, [{ id: '1' }], { writeTimes: true })).toEqual([
        { row: { id: '1', name: 'b', count: 1 }, writeTimes: { name: 30, count: 50 } },
      ])
    })

    it('takes write times from 0 to the greatest safe integer', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '1', name: 'first', count: 0 }, 0)])
      await suite.store.write([put(table, { id: '1', name: 'last' }, Number.MAX_SAFE_INTEGER)])
      await suite.store.write([put(table, { id: '1', name: 'before' }, Number.MAX_SAFE_INTEGER - 1)])
      expect(await suite.store.read(table, [{ id: '1' }], { writeTimes: true })).toEqual([
        { row: { id: '1', name: 'last', count: 0 }, writeTimes: { name: Number.MAX_SAFE_INTEGER, count: 0 } },
      ])
    })
  })
}
