// Pages of a partition: both directions to the ends, every size, ranges, and starts that are gone.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Row } from '../../../schema/row.ts'
import type { PageRequest } from '../../../platform/ports/store.ts'
import { allPages, pick, put, type StoreSuite } from './harness.ts'
import { seededRandom, shuffled } from '../../seeded-random.ts'

const SHAPE = {
  columns: { customer: 'text', region: 'int', at: 'timestamp', id: 'text', count: 'int' },
  partitionKey: ['customer', 'region'],
  clusteringKey: ['at desc', 'id'],
} as const
const PARTITION = { customer: 'c', region: 1 }
const TIMES = ['2026-01-03T00:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-01T00:00:00.000Z']
/** In clustering order. */
const ROWS: readonly Row[] = TIMES.flatMap((at) =>
  ['a', 'b', 'c', 'd'].map((id, count) => ({ ...PARTITION, at, id, count })),
)
const keyOf = (row: Row): Row => pick(row, ['at', 'id'])

export function describePages(suite: StoreSuite): void {
  let table = ''
  const page = async (request: Partial<PageRequest>): Promise<{ rows: Row[]; more: boolean }> => {
    const { rows, more } = await suite.store.page(table, { partition: PARTITION, limit: 100, ...request })
    return { rows: [...rows], more }
  }

  describe('a page', () => {
    beforeAll(async () => {
      table = await suite.table(SHAPE)
      // Neighbours that must not show: other partitions on both sides, and prefixes of the key.
      const others = [
        { customer: 'c', region: 0 },
        { customer: 'c', region: 2 },
        { customer: 'b', region: 1 },
        { customer: 'c\u0000', region: 1 },
        { customer: 'd', region: -1 },
      ].map((other) => ({ ...other, at: TIMES[1] ?? '', id: 'b', count: 9 }))
      await suite.store.write(shuffled([...ROWS, ...others], seededRandom(3)).map((row) => put(table, row, 1)))
    })

    it.each(ROWS.map((_, at) => at + 1).concat(50))(
      'of %i rows after another reaches every row, both ways',
      async (size) => {
        for (const order of ['FORWARD', 'REVERSE'] as const) {
          const rows = await allPages((bounds) => page({ ...bounds, order }), { size, keyOf })
          expect(rows).toEqual(order === 'FORWARD' ? ROWS : ROWS.toReversed())
        }
      },
    )

    it('says whether more rows follow', async () => {
      expect((await page({ limit: ROWS.length })).more).toBe(false)
      expect((await page({ limit: ROWS.length - 1 })).more).toBe(true)
      expect((await page({ limit: ROWS.length - 1, order: 'REVERSE' })).more).toBe(true)
    })

    it('of a partition without rows is empty', async () => {
      expect(await page({ partition: { customer: 'nobody', region: 1 } })).toEqual({ rows: [], more: false })
    })

    it('has the rows that equal a prefix of the clustering key', async () => {
      const [at = ''] = TIMES.slice(1)
      const equal = ROWS.filter((row) => row['at'] === at)
      expect(await page({ range: { equal: { at } } })).toEqual({ rows: equal, more: false })
      expect((await page({ range: { equal: { at } }, order: 'REVERSE' })).rows).toEqual(equal.toReversed())
      expect((await page({ range: { equal: { at, id: 'b' } } })).rows).toEqual(equal.slice(1, 2))
      expect((await page({ range: { equal: { at, id: 'x' } } })).rows).toEqual([])
    })

    it('has the rows between bounds on the column after the prefix', async () => {
      const [at = ''] = TIMES
      const range = {
        equal: { at },
        lower: { column: 'id', value: 'a', inclusive: false },
        upper: { column: 'id', value: 'c', inclusive: true },
      }
      expect((await page({ range })).rows.map((row) => row['id'])).toEqual(['b', 'c'])
      const first = await page({ range, limit: 1, order: 'REVERSE' })
      expect([first.rows.map((row) => row['id']), first.more]).toEqual([['c'], true])
    })

    it('has the rows between times where the clustering order descends', async () => {
      const range = {
        lower: { column: 'at', value: TIMES[2] ?? '', inclusive: false },
        upper: { column: 'at', value: TIMES[0] ?? '', inclusive: false },
      }
      expect((await page({ range })).rows).toEqual(ROWS.slice(4, 8))
      const after = keyOf(ROWS[5] ?? {})
      expect((await page({ range, after })).rows).toEqual(ROWS.slice(6, 8))
      expect((await page({ range, after, order: 'REVERSE' })).rows).toEqual(ROWS.slice(4, 5))
    })

    it('starts within the range even after a row outside it', async () => {
      const range = { equal: { at: TIMES[1] ?? '' } }
      const [before, behind] = [keyOf(ROWS[0] ?? {}), keyOf(ROWS[11] ?? {})]
      expect((await page({ range, after: before })).rows).toEqual(ROWS.slice(4, 8))
      expect((await page({ range, after: behind })).rows).toEqual([])
      expect((await page({ range, after: behind, order: 'REVERSE' })).rows).toEqual(ROWS.slice(4, 8).toReversed())
      expect((await page({ range, after: before, order: 'REVERSE' })).rows).toEqual([])
    })

    it('has nothing between bounds that cross', async () => {
      const range = {
        lower: { column: 'at', value: TIMES[0] ?? '', inclusive: true },
        upper: { column: 'at', value: TIMES[2] ?? '', inclusive: true },
      }
      expect(await page({ range })).toEqual({ rows: [], more: false })
    })

    it('starts after a row that is deleted or never was', async () => {
      const own = await suite.table(SHAPE)
      await suite.store.write(ROWS.map((row) => put(own, row, 1)))
      await suite.store.write([{ kind: 'delete', table: own, key: ROWS[5] ?? {}, writeTime: 2 }])
      const next = async (after: Row, order: 'FORWARD' | 'REVERSE'): Promise<unknown> =>
        (await suite.store.page(own, { partition: PARTITION, limit: 1, after, order })).rows
      expect(await next(keyOf(ROWS[5] ?? {}), 'FORWARD')).toEqual(ROWS.slice(6, 7))
      expect(await next(keyOf(ROWS[5] ?? {}), 'REVERSE')).toEqual(ROWS.slice(4, 5))
      expect(await next({ at: TIMES[1] ?? '', id: 'aa' }, 'FORWARD')).toEqual(ROWS.slice(6, 7))
    })

    it('is full in spite of deleted rows between', async () => {
      const own = await suite.table(SHAPE)
      await suite.store.write(ROWS.map((row) => put(own, row, 1)))
      await suite.store.write(
        ROWS.slice(2, 10).map((key) => ({ kind: 'delete', table: own, key, writeTime: 2 }) as const),
      )
      const request = { partition: PARTITION, limit: 3 }
      expect(await suite.store.page(own, request)).toEqual({ rows: [...ROWS.slice(0, 2), ROWS[10]], more: true })
    })

    it('of a table without clustering key has its one row', async () => {
      const own = await suite.table({ columns: { id: 'text', name: 'text' }, partitionKey: ['id'] })
      await suite.store.write([put(own, { id: '1', name: 'a' }, 1), put(own, { id: '2', name: 'b' }, 1)])
      const page = await suite.store.page(own, { partition: { id: '1' }, limit: 5 })
      expect(page).toEqual({ rows: [{ id: '1', name: 'a' }], more: false })
    })
  })
}
