// The rule that ingest rests on: the same writes, in any order, any number of times, from any number of callers, give the same rows.
import { describe, expect, it } from 'vitest'
import type { Value } from '../../../schema/row.ts'
import type { StoredRow, Write } from '../../../platform/ports/store.ts'
import { EVERY_TYPE, put, type StoreSuite } from './harness.ts'
import { seededRandom, shuffled } from '../../seeded-random.ts'

const IDS = ['1', '2', '3']
const VALUES: Readonly<Record<string, readonly Value[]>> = {
  name: ['', 'a', 'b', '😀', null],
  count: [-1, 0, 1, null],
  amount: ['1', '1.5', '-2.25', null],
  document: [{ a: [1] }, [], null],
}

/** Few ids, few write times: so that ties and deletes between them are common. */
function randomWrites(table: string, random: () => number): Write[] {
  const some = (count: number): number => Math.floor(random() * count)
  return Array.from({ length: 60 }, (): Write => {
    const id = IDS[some(IDS.length)] ?? '1'
    if (random() < 0.2) return { kind: 'delete', table, key: { id }, writeTime: some(12) }
    const cells = Object.entries(VALUES).filter(() => random() < 0.6)
    const row = Object.fromEntries(cells.map(([name, values]) => [name, values[some(values.length)] ?? null]))
    const write = put(table, { id, ...row }, some(12))
    const [own] = cells[0] ?? []
    return own !== undefined && random() < 0.3 ? { ...write, writeTimes: { [own]: some(12) } } : write
  })
}

export function describeMerging(suite: StoreSuite): void {
  const readAll = (table: string): Promise<readonly (StoredRow | null)[]> =>
    suite.store.read(
      table,
      IDS.map((id) => ({ id })),
      { writeTimes: true },
    )

  describe('merging', () => {
    it.each([1, 2, 3, 4, 5, 6, 7, 8])(
      'gives the same rows for every order and repetition of the writes (seed %i)',
      async (seed) => {
        const random = seededRandom(seed)
        const template = randomWrites('', random)
        const results: unknown[] = []
        for (let round = 0; round < 4; round += 1) {
          const table = await suite.table(EVERY_TYPE)
          const writes = template.map((write) => ({ ...write, table }))
          const repeated = shuffled([...writes, ...writes.filter(() => random() < 0.3)], random)
          // Rounds differ in how the writes are cut into calls as well.
          const size = [1, 7, 1_000, 13][round] ?? 1
          for (let at = 0; at < repeated.length; at += size) await suite.store.write(repeated.slice(at, at + size))
          results.push(await readAll(table))
        }
        expect(results).toEqual(results.map(() => results[0]))
      },
    )

    it('loses no cell when many callers write one row at once', async () => {
      const table = await suite.table(EVERY_TYPE)
      const writes = Array.from({ length: 200 }, (_, at) =>
        suite.store.write([
          put(table, { id: '1', [at % 2 === 0 ? 'count' : 'name']: at % 2 === 0 ? at : `n${at}` }, at),
        ]),
      )
      await Promise.all(writes)
      expect(await suite.store.read(table, [{ id: '1' }], { writeTimes: true })).toEqual([
        { row: { id: '1', count: 198, name: 'n199' }, writeTimes: { count: 198, name: 199 } },
      ])
    })

    it('shows a write to every read that starts after it was acknowledged', async () => {
      const table = await suite.table(EVERY_TYPE)
      for (let at = 0; at < 50; at += 1) {
        await suite.store.write([put(table, { id: '1', count: at }, at)])
        expect(await suite.row(table, { id: '1' })).toEqual({ id: '1', count: at })
      }
    })
  })
}
