// Atomic writes of one partition: what a derived product's rows and position need.
import { describe, expect, it } from 'vitest'
import { put, type StoreSuite } from './harness.ts'

const SHAPE = {
  columns: { group: 'text', key: 'int', count: 'int' },
  partitionKey: ['group'],
  clusteringKey: ['key'],
} as const

export function describeAtomicWrites(suite: StoreSuite): void {
  describe('an atomic write', () => {
    it('writes all its rows', async () => {
      const table = await suite.table(SHAPE)
      await suite.store.write([put(table, { group: 'g', key: 3 }, 1)])
      await suite.store.writeAtomic([
        put(table, { group: 'g', key: 1, count: 1 }, 2),
        put(table, { group: 'g', key: 2, count: 2 }, 2),
        { kind: 'delete', table, key: { group: 'g', key: 3 }, writeTime: 2 },
      ])
      const { rows } = await suite.store.page(table, { partition: { group: 'g' }, limit: 10 })
      expect(rows).toEqual([
        { group: 'g', key: 1, count: 1 },
        { group: 'g', key: 2, count: 2 },
      ])
    })

    it('writes nothing where one of its rows is refused', async () => {
      const table = await suite.table(SHAPE)
      const writes = [put(table, { group: 'g', key: 1 }, 1), put(table, { group: 'g', key: 'two' }, 1)]
      await expect(suite.store.writeAtomic(writes)).rejects.toMatchObject({
        code: 'STORE_ROW_INVALID',
        retryable: false,
      })
      expect((await suite.store.scan(table, { limit: 5 })).rows).toEqual([])
    })

    it('is refused across partitions and across tables', async () => {
      const table = await suite.table(SHAPE)
      const other = await suite.table(SHAPE)
      const row = { group: 'g', key: 1 }
      const across = [
        [put(table, row, 1), put(table, { group: 'h', key: 1 }, 1)],
        [put(table, row, 1), put(other, row, 1)],
      ]
      for (const writes of across) {
        await expect(suite.store.writeAtomic(writes)).rejects.toMatchObject({ code: 'STORE_ROW_INVALID' })
      }
      expect((await suite.store.scan(table, { limit: 5 })).rows).toEqual([])
    })

    it('is never seen in part', async () => {
      const table = await suite.table(SHAPE)
      const write = (count: number): Promise<void> =>
        suite.store.writeAtomic([1, 2, 3].map((key) => put(table, { group: 'g', key, count }, count)))
      await write(1)
      let writing = true
      const writer = (async () => {
        for (let count = 2; count <= 60; count += 1) await write(count)
        writing = false
      })()
      const seen: unknown[][] = []
      while (writing) {
        const { rows } = await suite.store.page(table, { partition: { group: 'g' }, limit: 5 })
        seen.push([...new Set(rows.map((row) => row['count']))])
      }
      await writer
      expect(seen.filter((counts) => counts.length !== 1)).toEqual([])
      expect(seen.length).toBeGreaterThan(0)
    })

    it('of nothing resolves', async () => {
      await expect(suite.store.writeAtomic([])).resolves.toBeUndefined()
      await expect(suite.store.write([])).resolves.toBeUndefined()
    })
  })
}
