// Rules of deletes: what they hide, what shows again, and what makes a row exist.
import { describe, expect, it } from 'vitest'
import type { DeleteWrite } from '../../../platform/ports/store.ts'
import { EVERY_TYPE, put, type StoreSuite } from './harness.ts'

const remove = (table: string, writeTime: number): DeleteWrite => ({
  kind: 'delete',
  table,
  key: { id: '1' },
  writeTime,
})

export function describeDeletes(suite: StoreSuite): void {
  describe('a delete', () => {
    it('hides the row and every cell written at or before it', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '1', name: 'a' }, 10), put(table, { id: '1', count: 1 }, 20)])
      await suite.store.write([remove(table, 20)])
      expect(await suite.row(table, { id: '1' })).toBeNull()
    })

    it('hides older writes that come after it', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([remove(table, 20)])
      await suite.store.write([put(table, { id: '1', name: 'late' }, 19), put(table, { id: '1', count: 1 }, 20)])
      expect(await suite.row(table, { id: '1' })).toBeNull()
    })

    it('that comes late hides only what is not newer', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '1', name: 'old', count: 1 }, 10)])
      await suite.store.write([put(table, { id: '1', name: 'new' }, 30)])
      await suite.store.write([remove(table, 20)])
      expect(await suite.store.read(table, [{ id: '1' }], { writeTimes: true })).toEqual([
        { row: { id: '1', name: 'new' }, writeTimes: { name: 30 } },
      ])
    })

    it('wins a tie with a put', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([remove(table, 10), put(table, { id: '1', name: 'a' }, 10)])
      expect(await suite.row(table, { id: '1' })).toBeNull()
    })

    it('is followed by a row of newer cells only', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '1', name: 'old', count: 1, flag: true }, 10)])
      await suite.store.write([remove(table, 20)])
      await suite.store.write([put(table, { id: '1', name: 'again' }, 30)])
      expect(await suite.row(table, { id: '1' })).toEqual({ id: '1', name: 'again' })
      await suite.store.write([put(table, { id: '1', count: 2 }, 15)])
      expect(await suite.row(table, { id: '1' })).toEqual({ id: '1', name: 'again' })
    })

    it('of an older time changes nothing after a newer one', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([remove(table, 20)])
      await suite.store.write([remove(table, 10), put(table, { id: '1', name: 'between' }, 15)])
      expect(await suite.row(table, { id: '1' })).toBeNull()
    })

    it('of a row that is not there hides what comes late all the same', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([remove(table, 20)])
      expect(await suite.row(table, { id: '1' })).toBeNull()
      await suite.store.write([put(table, { id: '1', name: 'a' }, 21)])
      expect(await suite.row(table, { id: '1' })).toEqual({ id: '1', name: 'a' })
    })

    it('leaves a row that has a cell newer than it, though it was put before', async () => {
      const table = await suite.table(EVERY_TYPE)
      const mixed = { ...put(table, { id: '1', name: 'new', count: 1 }, 10), writeTimes: { name: 30 } }
      await suite.store.write([mixed, remove(table, 20)])
      expect(await suite.row(table, { id: '1' })).toEqual({ id: '1', name: 'new' })
      await suite.store.write([put(table, { id: '1', name: null }, 40), remove(table, 40)])
      expect(await suite.row(table, { id: '1' })).toBeNull()
    })
  })

  describe('a row', () => {
    it('exists while it was put, even if all its other cells are null or absent', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '1' }, 10), put(table, { id: '2', name: null }, 10)])
      expect(await suite.store.read(table, [{ id: '1' }, { id: '2' }], { writeTimes: true })).toEqual([
        { row: { id: '1' }, writeTimes: {} },
        { row: { id: '2' }, writeTimes: {} },
      ])
      await suite.store.write([put(table, { id: '1', name: 'a' }, 20), put(table, { id: '1', name: null }, 30)])
      expect(await suite.row(table, { id: '1' })).toEqual({ id: '1' })
    })
  })
}
