// What a store keeps when it is closed and opened again, and how it ends.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineTable, EVERY_TYPE, type OpenedStore, put, type StoreSuite } from './harness.ts'

export function describeLifecycle(suite: StoreSuite): void {
  let opened: OpenedStore
  const definition = defineTable('kept', { ...EVERY_TYPE, indexes: ['name'] })

  describe('a store', () => {
    beforeAll(async () => {
      opened = await suite.harness.open()
      await opened.store.migrate([definition])
    })
    afterAll(() => opened.dispose())

    it('has everything acknowledged when it is opened again: rows, write times, nulls, deletes, tables, indexes', async () => {
      await opened.store.write([
        put('kept', { id: '1', name: 'a', count: null }, 10),
        put('kept', { id: '2', name: 'a' }, 10),
        { kind: 'delete', table: 'kept', key: { id: '2' }, writeTime: 20 },
      ])
      await opened.reopen()
      await opened.store.write([put('kept', { id: '1', count: 1 }, 9), put('kept', { id: '2', name: 'a' }, 19)])
      expect(await opened.store.read('kept', [{ id: '1' }, { id: '2' }], { writeTimes: true })).toEqual([
        { row: { id: '1', name: 'a' }, writeTimes: { name: 10 } },
        null,
      ])
      const byName = await opened.store.byIndex('kept', { column: 'name', value: 'a', limit: 5 })
      expect(byName).toEqual({ rows: [{ id: '1', name: 'a' }], more: false })
      await opened.store.migrate([definition])
      const dropped = { ...definition, columns: definition.columns.slice(0, 3) }
      await expect(opened.store.migrate([dropped])).rejects.toMatchObject({ code: 'STORE_MIGRATION_REFUSED' })
    })

    it('finishes the writes in hand when it closes', async () => {
      const rows = Array.from({ length: 2_500 }, (_, at) => put('kept', { id: `late-${at}` }, 1))
      const writing = opened.store.write(rows)
      const reading = opened.store.read('kept', [{ id: '1' }])
      const { store } = opened
      await opened.reopen()
      await expect(writing).resolves.toBeUndefined()
      await expect(reading).resolves.toHaveLength(1)
      await expect(store.close()).resolves.toBeUndefined()
      const found = await opened.store.read(
        'kept',
        rows.map(({ row }) => row),
      )
      expect(found.filter((row) => row === null)).toEqual([])
    })

    it('refuses calls once it is closed', async () => {
      const { store } = opened
      await opened.reopen()
      const calls = [
        store.migrate([definition]),
        store.write([put('kept', { id: '1' }, 1)]),
        store.writeAtomic([put('kept', { id: '1' }, 1)]),
        store.read('kept', [{ id: '1' }]),
        store.page('kept', { partition: { id: '1' }, limit: 1 }),
        store.scan('kept', { limit: 1 }),
        store.byIndex('kept', { column: 'name', value: 'a', limit: 1 }),
      ]
      for (const call of calls) {
        await expect(call).rejects.toMatchObject({ code: 'STORE_CLOSED', retryable: false })
      }
    })
  })
}
