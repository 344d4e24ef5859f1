// Reads of many keys at once.
import { describe, expect, it } from 'vitest'
import { limits } from '../../../platform/limits.ts'
import { EVERY_TYPE, put, type StoreSuite } from './harness.ts'
import { seededRandom } from '../../seeded-random.ts'

export function describeWaves(suite: StoreSuite): void {
  describe('a wave', () => {
    it('of 1,000 keys answers in the order of the keys, with null where no row is, repeated keys too', async () => {
      const table = await suite.table(EVERY_TYPE)
      const random = seededRandom(5)
      await suite.store.write(Array.from({ length: 600 }, (_, at) => put(table, { id: String(at), count: at }, 1)))
      const wanted = Array.from({ length: 1_000 }, () => Math.floor(random() * 900))
      const found = await suite.store.read(
        table,
        wanted.map((at) => ({ id: String(at) })),
      )
      expect(new Set(wanted).size).toBeLessThan(1_000)
      expect(found).toEqual(wanted.map((at) => (at < 600 ? { row: { id: String(at), count: at } } : null)))
    })

    it('may be as large as the limit', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '7' }, 1)])
      const keys = Array.from({ length: limits.readKeysMax }, (_, at) => ({ id: String(at) }))
      const found = await suite.store.read(table, keys)
      expect([found.length, found.filter((row) => row !== null)]).toEqual([limits.readKeysMax, [{ row: { id: '7' } }]])
    })

    it('of no keys has no rows', async () => {
      const table = await suite.table(EVERY_TYPE)
      expect(await suite.store.read(table, [])).toEqual([])
    })

    it('finds keys by what columns of several keys say, not by their text put together', async () => {
      const table = await suite.table({
        columns: { a: 'text', b: 'text', c: 'text' },
        partitionKey: ['a', 'b'],
        clusteringKey: ['c'],
      })
      const rows = [
        { a: 'x', b: 'yz', c: '1' },
        { a: 'xy', b: 'z', c: '1' },
        { a: 'x', b: 'y', c: 'z1' },
        { a: 'x\u0000y', b: 'z', c: '1' },
      ]
      await suite.store.write(rows.map((row) => put(table, row, 1)))
      expect(await suite.store.read(table, rows)).toEqual(rows.map((row) => ({ row })))
      expect(await suite.store.read(table, [{ a: 'xyz', b: 'z', c: '1' }])).toEqual([null])
    })

    it('answers many waves at once, each with its own rows', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write(Array.from({ length: 50 }, (_, at) => put(table, { id: String(at), count: at }, 1)))
      const found = await Promise.all(Array.from({ length: 50 }, (_, at) => suite.row(table, { id: String(at) })))
      expect(found).toEqual(Array.from({ length: 50 }, (_, at) => ({ id: String(at), count: at })))
    })
  })
}
