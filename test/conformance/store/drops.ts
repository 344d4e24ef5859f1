// Tables that are dropped are gone with their rows, for this store and whoever opens it next; all others stay as they were.
import { describe, expect, it } from 'vitest'
import { put, type StoreSuite, type TableShape } from './harness.ts'

const SHAPE = {
  columns: { id: 'text', name: 'text' },
  partitionKey: ['id'],
  indexes: ['name'],
} as const satisfies TableShape

export function describeDrops(suite: StoreSuite): void {
  describe('a drop', () => {
    it('takes tables away with their rows, passes over those that are not there, and may be repeated', async () => {
      const dropped = suite.define(SHAPE)
      // Capitals, as tables of later generations have.
      const upper = { ...suite.define(SHAPE), name: `${dropped.name}_G2` }
      const kept = suite.define(SHAPE)
      await suite.store.migrate([dropped, upper, kept])
      const row = { id: '1', name: 'a' }
      await suite.store.write([dropped, upper, kept].map(({ name }) => put(name, row, 1)))
      await suite.store.drop([dropped.name, upper.name, 'never_there'])
      await suite.store.drop([dropped.name])
      for (const { name } of [dropped, upper]) {
        await expect(suite.store.scan(name, { limit: 1 })).rejects.toMatchObject({ code: 'STORE_TABLE_UNKNOWN' })
        await expect(suite.store.write([put(name, row, 2)])).rejects.toMatchObject({ code: 'STORE_TABLE_UNKNOWN' })
      }
      expect(await suite.row(kept.name, { id: '1' })).toEqual(row)
    })

    it('leaves the name for a new table of the same columns, which has none of the rows', async () => {
      const table = suite.define(SHAPE)
      await suite.store.migrate([table])
      await suite.store.write([put(table.name, { id: '1', name: 'a' }, 5)])
      await suite.store.drop([table.name])
      await suite.store.migrate([table])
      await suite.store.write([put(table.name, { id: '2', name: 'b' }, 1)])
      expect(await suite.store.scan(table.name, { limit: 5 })).toEqual({ rows: [{ id: '2', name: 'b' }], more: false })
    })
  })
}
