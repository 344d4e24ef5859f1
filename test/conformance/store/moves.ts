// Keys that change across the tables of one entity, as ingest writes them: a visible marker where the row was, a row where it is now.
// Late and repeated records, in any order, leave all tables agreed.
import { describe, expect, it } from 'vitest'
import type { Row, Value } from '../../../schema/row.ts'
import { HIDDEN_COLUMNS } from '../../../schema/tables.ts'
import type { Write } from '../../../platform/ports/store.ts'
import { put, type StoreSuite } from './harness.ts'
import { seededRandom, shuffled } from '../../seeded-random.ts'

const { upsertedAt, deletedAt } = HIDDEN_COLUMNS
const COLUMNS = { id: 'text', city: 'text', name: 'text', [upsertedAt]: 'bigint', [deletedAt]: 'bigint' } as const

export function describeMoves(suite: StoreSuite): void {
  const time = (value: Value | undefined): bigint => (typeof value === 'string' ? BigInt(value) : -1n)
  const isVisible = (row: Row): boolean => time(row[upsertedAt]) > time(row[deletedAt])

  describe('a row whose key changes', () => {
    it.each([11, 12, 13, 14])(
      'is in one place in every table, whatever order its writes come in (seed %i)',
      async (seed) => {
        const base = await suite.table({ columns: COLUMNS, partitionKey: ['id'] })
        const byCity = await suite.table({ columns: COLUMNS, partitionKey: ['city'], clusteringKey: ['id'] })
        const upsert = (table: string, row: Row, time: number): Write =>
          put(table, { ...row, [upsertedAt]: String(time) }, time)
        const away = (city: string, time: number): Write =>
          put(byCity, { id: '1', city, [deletedAt]: String(time) }, time)
        // Rome, then Oslo, then Rome again, then Lima.
        const writes: Write[] = ['Rome', 'Oslo', 'Rome', 'Lima'].flatMap((city, at, cities) => {
          const time = (at + 1) * 10
          const row = { id: '1', city, name: `${city} ${time}` }
          const left = cities[at - 1]
          return [upsert(base, row, time), upsert(byCity, row, time), ...(left === undefined ? [] : [away(left, time)])]
        })
        const random = seededRandom(seed)
        for (const write of shuffled([...writes, ...writes], random)) await suite.store.write([write])

        const cities = await suite.store.read(
          byCity,
          ['Rome', 'Oslo', 'Lima'].map((city) => ({ city, id: '1' })),
        )
        const seen = cities.map((stored) => stored?.row ?? {}).filter(isVisible)
        expect(seen).toEqual([{ id: '1', city: 'Lima', name: 'Lima 40', [upsertedAt]: '40' }])
        expect(await suite.row(base, { id: '1' })).toEqual(seen[0])
      },
    )

    it('can be told from a late record by the write times of its marker', async () => {
      const byCity = await suite.table({ columns: COLUMNS, partitionKey: ['city'], clusteringKey: ['id'] })
      await suite.store.write([put(byCity, { id: '1', city: 'Rome', [deletedAt]: '20' }, 20)])
      await suite.store.write([put(byCity, { id: '1', city: 'Rome', name: 'late', [upsertedAt]: '10' }, 10)])
      expect(await suite.store.read(byCity, [{ city: 'Rome', id: '1' }], { writeTimes: true })).toEqual([
        {
          row: { id: '1', city: 'Rome', name: 'late', [upsertedAt]: '10', [deletedAt]: '20' },
          writeTimes: { name: 10, [upsertedAt]: 10, [deletedAt]: 20 },
        },
      ])
    })
  })
}
