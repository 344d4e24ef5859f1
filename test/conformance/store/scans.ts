// Scans of a whole table: an order that stays, pageable both ways and resumable.
import { describe, expect, it } from 'vitest'
import type { Row } from '../../../schema/row.ts'
import { allPages, pick, put, type StoreSuite } from './harness.ts'
import { seededRandom, shuffled } from '../../seeded-random.ts'

const SHAPE = {
  columns: { group: 'text', key: 'int', name: 'text' },
  partitionKey: ['group'],
  clusteringKey: ['key desc'],
} as const
const GROUPS = Array.from({ length: 9 }, (_, at) => `group-${at}`)
/** Each partition in clustering order; the partitions in no order that the port names. */
const ROWS: readonly Row[] = GROUPS.flatMap((group) =>
  [3, 2, 1].map((key) => ({ group, key, name: `${group}/${key}` })),
)
const keyOf = (row: Row): Row => pick(row, ['group', 'key'])
const byText = (left: Row, right: Row): number => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1)

export function describeScans(suite: StoreSuite): void {
  const scanAll = (table: string, size: number, order: 'FORWARD' | 'REVERSE' = 'FORWARD'): Promise<Row[]> =>
    allPages((bounds) => suite.store.scan(table, { ...bounds, order }), { size, keyOf })

  describe('a scan', () => {
    it('reaches every row once, partition after partition in clustering order', async () => {
      const table = await suite.table(SHAPE)
      await suite.store.write(shuffled(ROWS, seededRandom(4)).map((row) => put(table, row, 1)))
      const rows = await scanAll(table, 100)
      expect(rows.toSorted(byText)).toEqual(ROWS.toSorted(byText))
      const groups = rows.map((row) => row['group']).filter((group, at, all) => group !== all[at - 1])
      expect(groups.length).toBe(GROUPS.length)
      expect(rows).toEqual(groups.flatMap((group) => ROWS.filter((row) => row['group'] === group)))
    })

    it('has the same order in pages of every size, and the reverse of it backwards', async () => {
      const table = await suite.table(SHAPE)
      await suite.store.write(ROWS.map((row) => put(table, row, 1)))
      const rows = await scanAll(table, 100)
      for (let size = 1; size <= ROWS.length + 1; size += 1) {
        expect(await scanAll(table, size)).toEqual(rows)
        expect(await scanAll(table, size, 'REVERSE')).toEqual(rows.toReversed())
      }
    })

    it('goes on after a row that was deleted since, and meets rows written since', async () => {
      const table = await suite.table(SHAPE)
      await suite.store.write(ROWS.map((row) => put(table, row, 1)))
      const rows = await scanAll(table, 100)
      const [last, next] = [rows[9] ?? {}, rows[10] ?? {}]
      await suite.store.write([{ kind: 'delete', table, key: keyOf(last), writeTime: 2 }])
      await suite.store.write([put(table, { ...next, name: 'changed' }, 2)])
      const page = await suite.store.scan(table, { limit: 2, after: keyOf(last) })
      expect(page).toEqual({ rows: [{ ...next, name: 'changed' }, rows[11]], more: true })
    })

    it('of an empty table is empty', async () => {
      const table = await suite.table(SHAPE)
      expect(await suite.store.scan(table, { limit: 1 })).toEqual({ rows: [], more: false })
      expect(await suite.store.scan(table, { limit: 1, order: 'REVERSE' })).toEqual({ rows: [], more: false })
    })
  })
}
