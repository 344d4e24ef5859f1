// Events of an entity that ingest writes without reading, where versions say what is newer: what came late is told as what is there, so that
// what a client folds is the table. And what a subgraph that closes could not tell comes again.
import { afterEach, expect, test } from 'vitest'
import type { SubgraphResponse, SubscriptionExtension } from '../../platform/ports/subgraph-endpoint.ts'
import type { Change } from '../../schema/record.ts'
import type { Row } from '../../schema/row.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import type { Subgraph } from '../../subgraphs/runtime/subgraph.ts'
import { openPorts, type TestPorts } from '../ingest/open-ports.ts'
import { plain, request } from './telemetry.ts'

const { product } = compileProduct(
  'shelves.graphql',
  `extend schema @product(name: "shelves", domain: "store", owner: "store@example.com", version: "1.0.0")
  type Shelf @key(fields: "id")
    @source(topic: "store.shelves", key: "id", version: "sequence", envelope: DEBEZIUM, partitions: 1)
    @table(name: "shelves", partitionKey: ["id"]) {
    id: ID!
    sequence: BigInt!
    note: String
  }
  type Query { shelf(id: ID!): Shelf @lookup }
  type Subscription {
    shelfChanged: Shelf @changes(on: [CREATED, UPDATED, DELETED])
    shelfPut(id: ID): Shelf @changes
    shelfGone: Shelf @changes(on: [DELETED])
  }`,
)
if (product === null) throw new Error('the product compiles')

interface Shelves {
  readonly ports: TestPorts
  readonly subgraph: Subgraph
}

const open: Shelves[] = []
afterEach(async () => {
  for (const { ports, subgraph } of open.splice(0)) {
    await subgraph.close()
    await ports.close()
  }
})

async function openShelves(): Promise<Shelves> {
  const ports = await openPorts()
  if (product === null) throw new Error('the product compiles')
  await ports.log.createTopics(emitTopics(product))
  await ports.store.migrate(emitTables(product))
  const { log, store, clock } = ports
  const shelves = { ports, subgraph: createSubgraph({ product, log, store, clock, cursorKey: new Uint8Array(32) }) }
  open.push(shelves)
  return shelves
}

const put = (id: string, sequence: number, note: string): Row => ({ id, sequence: String(sequence), note })

async function write({ ports }: Shelves, row: Row): Promise<void> {
  await ports.store.write([{ kind: 'put', table: 'shelves', row, writeTime: Number(row['sequence']) }])
}

let offset = 0
/** The change of a record, as ingest makes it without a look at the row. */
async function change({ ports }: Shelves, op: Change['op'], row: Row): Promise<void> {
  const id = row['id'] as string
  const made: Change = {
    key: id,
    op,
    row: op === 'UPSERT' ? row : { id },
    wrote: op === 'UPSERT' ? Object.keys(row) : [],
    writeTime: Number(row['sequence']),
    source: `store.shelves:0:${offset++}`,
    eventTimeMs: null,
    generation: 0,
  }
  await ports.log.append('store.shelves.changes', [{ key: Buffer.from(id), value: Buffer.from(JSON.stringify(made)) }])
}

type Responses = AsyncIterableIterator<SubgraphResponse>

const subscribe = ({ subgraph }: Shelves, field: string): Promise<Responses> =>
  subgraph.endpoint.subscribe(request(`subscription { ${field} { id sequence note } }`))

async function next(responses: Responses): Promise<SubgraphResponse> {
  const { value } = (await responses.next()) as { value: SubgraphResponse }
  return value
}

const extensionOf = ({ extensions = {} }: SubgraphResponse): SubscriptionExtension =>
  extensions['meshgate'] as SubscriptionExtension

const rowOf = async (responses: Responses, field: string): Promise<unknown> =>
  plain((await next(responses)).data?.[field])

test('tells a late upsert as the row that is there', async () => {
  const shelves = await openShelves()
  const responses = await subscribe(shelves, 'shelfChanged')
  await write(shelves, put('1', 7, 'new'))
  await change(shelves, 'UPSERT', put('1', 3, 'old'))
  expect(await rowOf(responses, 'shelfChanged')).toEqual(put('1', 7, 'new'))
})

test('tells a late upsert of what is deleted by now as gone, where deletes are told', async () => {
  const shelves = await openShelves()
  const responses = await subscribe(shelves, 'shelfChanged')
  await change(shelves, 'UPSERT', put('1', 3, 'old'))
  expect(await rowOf(responses, 'shelfChanged')).toBeNull()
})

test('tells a late delete of what is there as the row, and not to who asks for deletes alone', async () => {
  const shelves = await openShelves()
  const [changed, gone] = await Promise.all([subscribe(shelves, 'shelfChanged'), subscribe(shelves, 'shelfGone')])
  await write(shelves, put('1', 7, 'new'))
  await change(shelves, 'DELETE', put('1', 3, 'old'))
  await change(shelves, 'DELETE', put('2', 4, 'old'))
  expect(await rowOf(changed, 'shelfChanged')).toEqual(put('1', 7, 'new'))
  expect(extensionOf(await next(gone)).key).toBe('2')
})

test('an event that a closing subgraph cannot read any more is not told, and comes again', async () => {
  const shelves = await openShelves()
  const responses = await subscribe(shelves, 'shelfPut')
  await write(shelves, put('1', 7, 'new'))
  await write(shelves, put('2', 8, 'new'))
  await change(shelves, 'UPSERT', put('1', 7, 'new'))
  const first = await next(responses)
  await change(shelves, 'UPSERT', put('2', 8, 'new'))
  await shelves.subgraph.close()
  await shelves.ports.store.close()
  const last = await next(responses)
  const { cursor } = extensionOf(first)
  expect(last.errors?.map((error) => error.extensions)).toEqual([
    { code: 'SUBSCRIPTION_LOST', retryable: true, cursor },
  ])
})
