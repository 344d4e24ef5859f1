// Parcels ingested and served by versions of their product, which overlap: each ingest is a member of the same group.
import { expect, vi } from 'vitest'
import { startIngest, type Ingest, type IngestOptions } from '../../ingest/main.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { Product } from '../../schema/model.ts'
import type { Row } from '../../schema/row.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import { byId, visibleRows, type TestPorts } from '../ingest/open-ports.ts'
import { TIMINGS, WAIT } from '../ingest/beside/beside-mesh.ts'
import { BASE, BY_CITY, FIELDS, productOf } from './product-of.ts'

export const KEY = 'shipping/parcels'
const TOPIC = 'shipping.parcels'

/** Of what a page of the new table answers. */
const PAGE = 'parcelsIn(city: String!, first: Int, after: String): ParcelConnection! @page(table: "parcels_by_city")'

/** A version with a further table and a page of it, an optional field more and a wider one. */
export const withCities = (version = '1.1.0'): Product =>
  productOf({
    version,
    tables: `${BASE} ${BY_CITY}`,
    fields: `${FIELDS.replace('grams: Int!', 'grams: BigInt!')} weight: Float`,
    operations: PAGE,
  })

/** As `withCities`, over a version that has a further table already. */
export const LISTED = '@table(name: "parcels_listed", partitionKey: ["id"], clusteringKey: ["city"])'
export const listed = (): Product => productOf({ tables: `${BASE} ${LISTED}` })
export const listedWithCities = (version = '1.1.0'): Product =>
  productOf({ version, tables: `${BASE} ${LISTED} ${BY_CITY}`, operations: PAGE })

export interface Parcel extends Row {
  readonly id: string
  readonly city: string
  readonly grams: number
}

export const parcel = (id: number, city: string, grams = id): Parcel => ({
  id: `parcel-${id}`,
  city,
  grams,
  lines: [],
})

export async function appendParcels(log: TestPorts['log'], parcels: readonly Parcel[]): Promise<void> {
  await log.append(
    TOPIC,
    parcels.map((one) => ({ key: Buffer.from(one.id), value: Buffer.from(JSON.stringify(one)) })),
  )
}

export function ingestParcels(
  { log, store, clock }: Pick<TestPorts, 'log' | 'store' | 'clock'>,
  product: Product,
  options: Partial<IngestOptions> = {},
): Promise<Ingest> {
  return startIngest({ products: [product], log, store, clock, sweep: false, tableTimings: TIMINGS, ...options })
}

/** Asks a subgraph of the version; its own look at what is whole is as old as a running one's. */
export function serveParcels({ log, store, clock }: TestPorts, product: Product) {
  const subgraph = createSubgraph({ product, log, store, clock, cursorKey: new Uint8Array(32).fill(7) })
  return {
    ask: (query: string): Promise<SubgraphResponse> => subgraph.endpoint.execute({ query, principal: ANONYMOUS }),
    close: () => subgraph.close(),
  }
}

export async function untilWhole(ingest: Ingest): Promise<void> {
  await vi.waitFor(() => expect(ingest.tables()[KEY]).toMatchObject({ adding: null, supersededBy: null }), WAIT)
}

/** Whether both tables hold the parcels and nothing else. */
export async function expectParcels(store: TestPorts['store'], parcels: Iterable<Parcel>): Promise<void> {
  const [row] = await visibleRows(store, 'parcels')
  const isWide = typeof row?.['grams'] === 'string'
  const expected = byId([...parcels].map((one) => ({ ...one, grams: isWide ? String(one.grams) : one.grams })))
  expect(byId(await visibleRows(store, 'parcels'))).toEqual(expected)
  expect(byId(await visibleRows(store, 'parcels_by_city'))).toEqual(expected)
}
