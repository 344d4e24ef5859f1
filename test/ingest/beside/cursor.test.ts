// A client that walks a list while the tables are switched: its cursor holds keys and no table, so it goes on where it was.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { requestBuild } from '../../../ingest/beside/table-request.ts'
import { startIngest, type Ingest } from '../../../ingest/main.ts'
import { ANONYMOUS } from '../../../platform/governance/principal.ts'
import { compileProduct } from '../../../schema/compile-product.ts'
import { createSubgraph } from '../../../subgraphs/main.ts'
import { openPorts, type TestPorts } from '../open-ports.ts'
import { TIMINGS, WAIT } from './beside-mesh.ts'

const SDL = `
extend schema @product(name: "items", domain: "test", owner: "test@example.com", version: "1.0.0")
type Item
  @key(fields: "id")
  @source(topic: "test.items", key: "id", partitions: 1)
  @table(name: "items", partitionKey: ["id"])
  @table(name: "items_by_shelf", partitionKey: ["shelf"], clusteringKey: ["id"]) {
  id: ID!
  shelf: String!
}
type Query {
  item(id: ID!): Item @lookup
  shelf(shelf: String!, first: Int, after: String): ItemConnection! @page(table: "items_by_shelf")
}
`

let ports: TestPorts
let ingest: Ingest
beforeEach(async () => {
  ports = await openPorts()
})
afterEach(async () => {
  await ingest.close()
  await ports.close()
})

test('a cursor of before the switch goes on behind it', async () => {
  const { product, diagnostics } = compileProduct('items.graphql', SDL)
  if (product === null) throw new Error(JSON.stringify(diagnostics))
  ingest = await startIngest({ ...ports, products: [product], sweep: false, tableTimings: TIMINGS })
  const append = async (ids: readonly string[]): Promise<void> => {
    const records = ids.map((id) => ({ key: Buffer.from(id), value: Buffer.from(JSON.stringify({ id, shelf: 'a' })) }))
    await ports.log.append('test.items', records)
    await ingest.caughtUp()
  }
  await append(['1', '2', '3', '4'])
  const subgraph = createSubgraph({ product, ...ports, cursorKey: new Uint8Array(32).fill(1) })
  const ask = async (query: string) => {
    const { data, errors } = await subgraph.endpoint.execute({ query, principal: ANONYMOUS })
    expect(errors).toBeUndefined()
    return data as { shelf: { nodes: unknown; pageInfo: { endCursor: string } }; item: unknown }
  }
  const { shelf } = await ask('{ shelf(shelf: "a", first: 2) { nodes { id } pageInfo { endCursor } } }')
  expect(shelf.nodes).toEqual([{ id: '1' }, { id: '2' }])
  await requestBuild(ports, product, { seed: 'topic' })
  await vi.waitFor(() => expect(ingest.tables()['test/items']).toMatchObject({ live: 2, kept: null }), WAIT)
  // Only the new tables get it: who finds it has changed over.
  await append(['5'])
  await vi.waitFor(async () => expect((await ask('{ item(id: "5") { id } }')).item).toEqual({ id: '5' }), WAIT)
  const after = JSON.stringify(shelf.pageInfo.endCursor)
  const rest = await ask(`{ shelf(shelf: "a", first: 5, after: ${after}) { nodes { id } pageInfo { endCursor } } }`)
  expect(rest.shelf.nodes).toEqual([{ id: '3' }, { id: '4' }, { id: '5' }])
  await subgraph.close()
}, 60_000)
