// Two ways to the same answer: the embedded store and Cassandra hold the same rows, and answer the same requests alike.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Store } from '../../platform/ports/store.ts'
import type { Row } from '../../schema/row.ts'
import { allPages, put } from '../conformance/store/harness.ts'
import type { OpenedStore } from '../conformance/store.ts'
import { sqliteHarness } from '../sqlite-store/sqlite-harness.ts'
import { cassandraAddress, describeServers } from '../servers/test-servers.ts'
import { cassandraHarness } from './cassandra-harness.ts'
import { keyOf, randomAfter, randomPage, type RandomTable, randomTable } from './random-table.ts'
import { seededRandom } from '../seeded-random.ts'

const SEEDS = [1, 2, 3, 4, 5, 6]
const PAGES = 150
const ROWS_PER_PARTITION = 60
const tableOf = (seed: number): RandomTable => randomTable(`random_${seed}`, seededRandom(seed), ROWS_PER_PARTITION)
const ORDERS = ['FORWARD', 'REVERSE'] as const

describeServers('over the same rows', () => {
  let opened: readonly OpenedStore[] = []
  const [embedded, cassandra] = [
    (): Store => (opened[0] as OpenedStore).store,
    (): Store => (opened[1] as OpenedStore).store,
  ]

  beforeAll(async () => {
    opened = await Promise.all([sqliteHarness({}).open(), cassandraHarness(cassandraAddress).open()])
    const tables = SEEDS.map(tableOf)
    for (const { store } of opened) {
      await store.migrate(tables.map(({ definition }) => definition))
      for (const { definition, rows } of tables) await store.write(rows.map((row) => put(definition.name, row, 1)))
    }
  }, 180_000)
  afterAll(async () => {
    for (const one of opened) await one.dispose()
  })

  it.each(SEEDS)('any page of a partition is the same (seed %i)', async (seed) => {
    const table = tableOf(seed)
    const random = seededRandom(seed + 1_000)
    for (let round = 0; round < PAGES; round += 1) {
      const request = randomPage(table, random)
      const [expected, page] = await Promise.all(
        [embedded(), cassandra()].map((store) => store.page(table.definition.name, request)),
      )
      expect({ request, page }).toEqual({ request, page: expected })
    }
  })

  it.each(SEEDS)(
    'a scan is the partitions one after another, in pages of any size, both ways (seed %i)',
    async (seed) => {
      const { definition, rows, partitions } = tableOf(seed)
      const scanned = await everyRow(definition)
      expect(scanned.length).toBe(rows.length)
      const ofPartition = (partition: Row): readonly Row[] =>
        scanned.filter((row) => row['p1'] === partition['p1'] && row['p2'] === partition['p2'])
      for (const partition of partitions) {
        const { rows: expected } = await embedded().page(definition.name, { partition, limit: 1_000 })
        expect(ofPartition(partition)).toEqual(expected)
      }
      for (const order of ORDERS) {
        const inOrder = order === 'FORWARD' ? scanned : scanned.toReversed()
        for (const size of [7, 40, 101, 1_000]) {
          const request = { size, keyOf: (row: Row): Row => keyOf(definition, row) }
          const paged = await allPages((bounds) => cassandra().scan(definition.name, { ...bounds, order }), request)
          expect({ order, size, paged }).toEqual({ order, size, paged: inOrder })
        }
      }
    },
  )

  it.each(SEEDS)('a scan and an index go on after any key (seed %i)', async (seed) => {
    const { definition, partitions } = tableOf(seed)
    const random = seededRandom(seed + 2_000)
    const scanned = await everyRow(definition)
    for (const partition of partitions) {
      const after = { ...partition, ...randomAfter(definition, random) }
      for (const order of ORDERS) {
        const { rows: rest } = await embedded().page(definition.name, { partition, after, order, limit: 1_000 })
        const isOwn = (row: Row): boolean => row['p1'] === partition.p1 && row['p2'] === partition.p2
        const inOrder = order === 'FORWARD' ? scanned : scanned.toReversed()
        const expected = [...rest, ...inOrder.slice(inOrder.findLastIndex(isOwn) + 1)]
        for (const limit of [5, 500]) {
          const scan = await cassandra().scan(definition.name, { after, order, limit })
          expect(scan).toEqual({ rows: expected.slice(0, limit), more: expected.length > limit })
          for (const column of definition.indexes) {
            const value = scanned[Math.floor(random() * scanned.length)]?.[column]
            if (typeof value !== 'string' && typeof value !== 'number') continue
            const found = await cassandra().byIndex(definition.name, { column, value, after, order, limit })
            const matching = expected.filter((row) => row[column] === value)
            const page = { rows: matching.slice(0, limit), more: matching.length > limit }
            expect({ column, value, order, after, found }).toEqual({ column, value, order, after, found: page })
          }
        }
      }
    }
  })

  const everyRow = ({ name }: RandomTable['definition']): Promise<Row[]> =>
    allPages((bounds) => cassandra().scan(name, bounds), {
      size: 1_000,
      keyOf: (row) => keyOf(tableOf(Number(name.slice('random_'.length))).definition, row),
    })
})
