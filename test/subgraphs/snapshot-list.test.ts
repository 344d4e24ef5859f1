// Which list a snapshot is read from: the cheapest that the product declares for the arguments, or a refusal that says what to add.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Value } from '../../schema/row.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { tableRow } from '../../schema/emit/table-rows.ts'
import { openEmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import { createSealer } from '../../platform/seal.ts'
import { filtersOf } from '../../subgraphs/runtime/change-selection.ts'
import { serveProduct, type ServedProduct } from '../../subgraphs/runtime/served-product.ts'
import { snapshotList } from '../../subgraphs/runtime/snapshot-list.ts'
import { subscribeToChanges } from '../../subgraphs/runtime/subscribe-to-changes.ts'
import { ManualClock } from '../manual-clock.ts'

const SDL = (query: string): string => `
extend schema @product(name: "parcels", domain: "shipping", owner: "shipping@example.com", version: "1.0.0")
enum State { OPEN DONE }
type Parcel
  @key(fields: "id")
  @source(topic: "shipping.parcels", key: "id", time: "sentAt")
  @table(name: "parcels", partitionKey: ["id"], index: ["state"])
  @table(name: "parcels_by_hour", partitionKey: ["depot", "hour(sentAt)"], clusteringKey: ["sentAt", "id"])
  @table(name: "parcels_by_day", partitionKey: ["customer", "day(sentAt)"], clusteringKey: ["sentAt desc", "id"])
  @table(name: "parcels_by_route", partitionKey: ["origin", "target"], clusteringKey: ["carrier", "id"]) {
  id: ID!
  depot: ID!
  customer: ID!
  origin: String!
  target: String!
  carrier: String!
  state: State!
  weight: Int!
  sentAt: DateTime!
}
type Query { parcel(id: ID!): Parcel @lookup ${query} }
type Subscription {
  parcelChanged(
    id: ID depot: ID customer: ID origin: String target: String carrier: String state: State weight: Int sentAt: DateTime
  ): Parcel @changes(on: [CREATED, UPDATED, DELETED])
}`
const SCAN = 'parcels(first: Int, after: String): ParcelConnection! @scan(table: "parcels")'

interface Served {
  readonly served: ServedProduct
  readonly close: () => Promise<void>
}

async function serve(query: string): Promise<Served> {
  const { product, diagnostics } = compileProduct('parcels.graphql', SDL(query))
  if (product === null) throw new Error(JSON.stringify(diagnostics))
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-snapshots-'))
  const clock = new ManualClock()
  const store = await openSqliteStore({ directory: join(directory, 'store'), clock })
  const log = await openEmbeddedLog({ directory: join(directory, 'log'), clock })
  await store.migrate(emitTables(product))
  await log.createTopics(emitTopics(product))
  const sealer = createSealer(new Uint8Array(32))
  const bounds = { pageReadsInFlightMax: 4, replayReadsInFlightMax: 4, snapshotReadsInFlightMax: 4 }
  return {
    served: serveProduct({ product, store, log, clock, sealer, ...bounds }),
    close: async () => {
      await log.close()
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function changed({ product }: ServedProduct) {
  const operation = product.subscriptions.find(({ name }) => name === 'parcelChanged')
  if (operation === undefined) throw new Error('no subscription')
  return operation
}

function labelOf(served: ServedProduct, args: Record<string, Value>): string {
  const operation = changed(served)
  return snapshotList(served, operation, filtersOf(operation, args)).label
}

const SENT = '2026-01-05T10:30:00.000Z'

test('the cheapest list that serves the arguments is read', async () => {
  const { served, close } = await serve(SCAN)
  expect(labelOf(served, { id: '1' })).toBe('partition parcels')
  expect(labelOf(served, { origin: 'A', target: 'B', state: 'OPEN' })).toBe('partition parcels_by_route')
  expect(labelOf(served, { customer: '1', sentAt: SENT })).toBe('partition parcels_by_day')
  expect(labelOf(served, { state: 'OPEN', customer: '1' })).toBe('index parcels state')
  expect(labelOf(served, { customer: '1' })).toBe('buckets parcels_by_day')
  expect(labelOf(served, { origin: 'A' })).toBe('scan parcels')
  // Half a million empty hours cost more than all rows.
  expect(labelOf(served, { depot: '1' })).toBe('scan parcels')
  expect(labelOf(served, {})).toBe('scan parcels')
  await close()
})

test('without a declared scan, what no table serves is refused with what to give or to add', async () => {
  const { served, close } = await serve('')
  expect(labelOf(served, { depot: '1' })).toBe('buckets parcels_by_hour')
  const refused = (args: Record<string, Value>): unknown => {
    try {
      return labelOf(served, args)
    } catch (error) {
      return error
    }
  }
  expect(refused({})).toMatchObject({
    code: 'SNAPSHOT_NOT_SERVED',
    message:
      'No table of shipping/parcels serves a snapshot of parcelChanged without arguments: give "id", or declare a query with @scan(table: "parcels")',
  })
  expect(refused({ origin: 'A', weight: 3 })).toMatchObject({
    code: 'SNAPSHOT_NOT_SERVED',
    message:
      'No table of shipping/parcels serves a snapshot of parcelChanged by origin and weight: give "id", or declare @table(name: …, partitionKey: ["origin","weight"], clusteringKey: ["id"]) on Parcel, or declare a query with @scan(table: "parcels")',
  })
  await close()
})

test('every list gives the rows that match all arguments, and no other', async () => {
  const { served, close } = await serve(SCAN)
  const rows = Array.from({ length: 60 }, (_, number) => ({
    id: String(number),
    depot: String(number % 2),
    customer: String(number % 3),
    origin: number % 2 === 0 ? 'A' : 'B',
    target: number % 3 === 0 ? 'A' : 'B',
    carrier: number % 5 === 0 ? 'X' : 'Y',
    state: number % 4 === 0 ? 'OPEN' : 'DONE',
    weight: number % 7,
    sentAt: new Date(served.clock.now() - (number % 10) * 86_400_000).toISOString(),
  }))
  const [entity] = served.product.entities
  if (entity === undefined) throw new Error('no entity')
  const writes = entity.tables.flatMap((table) =>
    rows.map((row) => ({ kind: 'put' as const, table: table.name, row: tableRow(entity, table, row), writeTime: 1 })),
  )
  await served.store.write(writes)
  const asked: Record<string, Value>[] = [
    { id: '7' },
    { origin: 'A', target: 'B', carrier: 'Y', weight: 2 },
    { origin: 'A', target: 'B', state: 'OPEN' },
    { customer: '1', weight: 4 },
    { state: 'OPEN', depot: '0', weight: 0 },
    { depot: '1', customer: '2' },
    { weight: 3 },
    {},
  ]
  for (const args of asked) {
    const events = await subscribeToChanges(served, changed(served), args, { cursor: null, snapshot: true })
    const found: string[] = []
    for await (const event of events) {
      if ('kind' in event) break
      found.push(event.key)
    }
    const wanted = rows.filter((row) => Object.entries(args).every(([name, value]) => row[name as 'id'] === value))
    expect(found.toSorted()).toEqual(wanted.map(({ id }) => id).toSorted())
    expect(found.length).toBeGreaterThan(0)
  }
  await close()
})
