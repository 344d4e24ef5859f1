// Scans and indexes where tokens are awkward: keys that share one, partitions larger than pages, dead rows in great number.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Store, Write } from '../../platform/ports/store.ts'
import type { Row } from '../../schema/row.ts'
import { allPages, pick, put, StoreSuite } from '../conformance/store/harness.ts'
import { cassandraAddress, describeServers } from '../servers/test-servers.ts'
import { cassandraHarness } from './cassandra-harness.ts'
import { uuidOfToken } from './colliding-keys.ts'
import { seededRandom, shuffled } from '../seeded-random.ts'

const ORDERS = ['FORWARD', 'REVERSE'] as const
const SHAPE = {
  columns: { id: 'uuid', part: 'int', label: 'text' },
  partitionKey: ['id'],
  clusteringKey: ['part desc'],
  indexes: ['label'],
} as const
const keyOf = (row: Row): Row => pick(row, ['id', 'part'])
const byBytes = (left: string, right: string): number => (left < right ? -1 : 1)

describeServers('a scan of Cassandra', () => {
  const suite = new StoreSuite(cassandraHarness(cassandraAddress))
  const filled = async (rows: readonly Row[]): Promise<string> => {
    const table = await suite.table(SHAPE)
    await suite.store.write(rows.map((row) => put(table, row, 1)))
    return table
  }
  /** Scans, and finds by the index, in pages of each size and both ways. */
  const expectOrder = async (table: string, inOrder: readonly Row[], sizes: readonly number[]): Promise<void> => {
    const reads: readonly [readonly Row[], (store: Store) => Store['scan']][] = [
      [inOrder, (store) => store.scan.bind(store)],
      [
        inOrder.filter((row) => row['label'] === 'red'),
        (store) => (name, request) => store.byIndex(name, { ...request, column: 'label', value: 'red' }),
      ],
    ]
    for (const [rows, read] of reads) {
      for (const order of ORDERS) {
        const expected = order === 'FORWARD' ? rows : rows.toReversed()
        for (const size of sizes) {
          const paged = await allPages((bounds) => read(suite.store)(table, { ...bounds, order }), { size, keyOf })
          expect({ order, size, paged }).toEqual({ order, size, paged: expected })
        }
      }
    }
  }

  beforeAll(() => suite.open())
  afterAll(() => suite.close())

  it('loses no partition of those that share a token, on any border of a page', async () => {
    const colliding = Array.from({ length: 12 }, (_, at) => uuidOfToken(5_000n, BigInt(at * 7))).toSorted(byBytes)
    const [below, above] = [uuidOfToken(-5_000n, 1n), uuidOfToken(6_000n, 1n)]
    const rows = [below, ...colliding, above].flatMap((id, at) =>
      [3, 2, 1].map((part) => ({ id, part, label: (at + part) % 2 === 0 ? 'red' : 'green' })),
    )
    const table = await filled(shuffled(rows, seededRandom(1)))
    await expectOrder(table, rows, [1, 2, 3, 4, 7, 20, 150])
    // After a partition that has gone.
    const gone = rows.filter((row) => row.id === colliding[5])
    await suite.store.write(gone.map((row): Write => ({ kind: 'delete', table, key: keyOf(row), writeTime: 2 })))
    const after = keyOf(gone[2] ?? {})
    expect((await suite.store.scan(table, { limit: 4, after })).rows).toEqual(rows.slice(21, 25))
    const reverse = await suite.store.scan(table, { limit: 4, after, order: 'REVERSE' })
    expect(reverse.rows).toEqual(rows.slice(14, 18).toReversed())
  })

  it('passes more partitions of one token than it reads at once', async () => {
    const ids = Array.from({ length: 1_300 }, (_, at) => uuidOfToken(-9_000n, BigInt(at * 13))).toSorted(byBytes)
    const rows = ids.map((id, at) => ({ id, part: at, label: at % 100 === 0 ? 'red' : 'green' }))
    const table = await filled(rows)
    await expectOrder(table, rows, [100, 400])
  })

  it('reads partitions larger than its pages and windows, both ways', async () => {
    const sizes = [1, 2_500, 3, 1, 900, 2_500, 2]
    const rows = sizes.flatMap((size, at) =>
      Array.from({ length: size }, (_, part) => ({
        id: uuidOfToken(BigInt(at - 3) * 2n ** 61n, BigInt(at)),
        part: size - part,
        label: part % 50 === 0 ? 'red' : 'green',
      })),
    )
    const table = await filled(rows)
    await expectOrder(table, rows, [80, 333, 1_000])
  })

  it('finds the next row behind a stretch of dead ones', async () => {
    const ids = Array.from({ length: 3_000 }, (_, at) => uuidOfToken(BigInt(at) * 2n ** 50n, 3n))
    const rows = ids.map((id) => ({ id, part: 1, label: 'red' }))
    const table = await filled(rows)
    const dead = rows.slice(1, -1)
    await suite.store.write(dead.map((row): Write => ({ kind: 'delete', table, key: keyOf(row), writeTime: 2 })))
    await expectOrder(table, [rows[0] ?? {}, rows.at(-1) ?? {}], [1, 2])
  })

  it('gets through more dead cells than the server reads at once', async () => {
    // A row that has ended leaves a dead cell for each of its columns; a read gives up at 100,000.
    const cells = Array.from({ length: 60 }, (_, at) => `c${at}`)
    const [ttlMs, leftMs] = [3_600_000, 4_000]
    const table = await suite.table({
      columns: { id: 'uuid', ...Object.fromEntries(cells.map((name) => [name, 'int'])) },
      partitionKey: ['id'],
      ttlMs,
    })
    const ids = Array.from({ length: 4_000 }, (_, at) => uuidOfToken(BigInt(at - 2_000) * 2n ** 51n, 3n))
    const row = (id: string): Row => ({ id, ...Object.fromEntries(cells.map((name) => [name, 1])) })
    const nowUs = Date.now() * 1_000
    await suite.store.write(ids.slice(1, -1).map((id) => put(table, row(id), nowUs - (ttlMs - leftMs) * 1_000)))
    const living = [row(ids[0] ?? ''), row(ids.at(-1) ?? '')]
    await suite.store.write(living.map((one) => put(table, one, nowUs)))
    const keys = ids.slice(1, -1).map((id) => ({ id }))
    const left = async (): Promise<number> => (await suite.store.read(table, keys)).filter((one) => one !== null).length
    await expect.poll(left, { timeout: 60_000, interval: 1_000 }).toBe(0)
    for (const order of ORDERS) {
      const request = { size: 1, keyOf: (one: Row): Row => pick(one, ['id']) }
      const paged = await allPages((bounds) => suite.store.scan(table, { ...bounds, order }), request)
      expect({ order, paged }).toEqual({ order, paged: order === 'FORWARD' ? living : living.toReversed() })
    }
  })
})
