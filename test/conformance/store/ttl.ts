// Rows that end: at write time + TTL, cell by cell, whatever the time at which they were written.
import { describe, expect, it } from 'vitest'
import { defineTable, put, type StoreSuite } from './harness.ts'

// Seconds: what every store can count. Margins are wide, since the clock may be a real one.
const TTL_MS = 4_000
const SHAPE = {
  columns: { group: 'text', key: 'int', name: 'text', count: 'int' },
  partitionKey: ['group'],
  clusteringKey: ['key'],
  indexes: ['name'],
  ttlMs: TTL_MS,
} as const

export function describeTtl(suite: StoreSuite): void {
  const nowUs = (): number => suite.opened.now() * 1_000

  describe('a time to live', () => {
    it('ends a row for every kind of read', async () => {
      const table = await suite.table(SHAPE)
      const { store } = suite
      const rows = [1, 2].map((key) => ({ group: 'g', key, name: 'a' }))
      await store.write(rows.map((row) => put(table, row, nowUs())))
      const reads = async (): Promise<unknown> => ({
        read: await store.read(table, rows),
        page: await store.page(table, { partition: { group: 'g' }, limit: 5 }),
        scan: await store.scan(table, { limit: 5 }),
        index: await store.byIndex(table, { column: 'name', value: 'a', limit: 5 }),
      })
      const all = { rows, more: false }
      expect(await reads()).toEqual({ read: rows.map((row) => ({ row })), page: all, scan: all, index: all })
      await suite.opened.elapse(TTL_MS + 1_100)
      const none = { rows: [], more: false }
      expect(await reads()).toEqual({ read: [null, null], page: none, scan: none, index: none })
    })

    it('counts from the write time: an old record has ended when it is written', async () => {
      const table = await suite.table(SHAPE)
      await suite.store.write([put(table, { group: 'g', key: 1, name: 'a' }, nowUs() - TTL_MS * 2_000)])
      expect(await suite.row(table, { group: 'g', key: 1 })).toBeNull()
    })

    it('ends cell by cell', async () => {
      const table = await suite.table(SHAPE)
      await suite.store.write([put(table, { group: 'g', key: 1, name: 'early', count: 1 }, nowUs())])
      await suite.opened.elapse(TTL_MS / 2)
      await suite.store.write([put(table, { group: 'g', key: 1, count: 2 }, nowUs())])
      expect(await suite.row(table, { group: 'g', key: 1 })).toEqual({ group: 'g', key: 1, name: 'early', count: 2 })
      await suite.opened.elapse(TTL_MS / 2 + 600)
      expect(await suite.row(table, { group: 'g', key: 1 })).toEqual({ group: 'g', key: 1, count: 2 })
      expect(await suite.store.byIndex(table, { column: 'name', value: 'early', limit: 5 })).toEqual({
        rows: [],
        more: false,
      })
      await suite.opened.elapse(TTL_MS)
      expect(await suite.row(table, { group: 'g', key: 1 })).toBeNull()
    })

    it('that changes holds for later writes', async () => {
      const before = suite.define({ ...SHAPE, indexes: [] })
      const { name } = before
      await suite.store.migrate([before])
      await suite.store.write([put(name, { group: 'g', key: 1 }, nowUs())])
      await suite.store.migrate([{ ...defineTable(name, { ...SHAPE, indexes: [] }), ttlMs: null }])
      await suite.store.write([put(name, { group: 'g', key: 2 }, nowUs())])
      await suite.opened.elapse(TTL_MS + 1_100)
      expect((await suite.store.scan(name, { limit: 5 })).rows).toEqual([{ group: 'g', key: 2 }])
    })
  })
}
