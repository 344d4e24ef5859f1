// Nobody but its fold writes the records of a derived entity: not over HTTP, and not from files.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createTopicRoutes } from '../../ingest/http/topic-routes.ts'
import { entityToLoad } from '../../ingest/load/load-file.ts'
import { ManualClock } from '../manual-clock.ts'
import { productOf } from '../schema/compile.ts'
import { openPorts } from './open-ports.ts'

const product = productOf(`
type Sale @key(fields: "id") @source(topic: "tests.sales", key: "id") @table(name: "sales", partitionKey: ["id"]) {
  id: ID!
  storeId: ID!
}
input SaleRead @reads(product: "tests/things", entity: "Sale") { id: ID! storeId: ID! }
type Store @key(fields: "id") @source(topic: "tests.stores", key: "id") @table(name: "stores", partitionKey: ["id"])
  @fold(input: "SaleRead") {
  id: ID! @group(cel: "storeId")
  sales: Int! @aggregate(function: COUNT)
}`)

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

test('the topics of HTTP are those that records come from outside to', async () => {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const route = createTopicRoutes({ products: [product], log: ports.log, clock: new ManualClock() })
  const server = createServer((request, response) => void route(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/topics`
  expect(await (await fetch(url)).json()).toEqual(['tests.sales'])
  const headers = { 'content-type': 'application/vnd.kafka.json.v2+json' }
  const posted = await fetch(`${url}/tests.stores`, { method: 'POST', headers, body: '{"records":[]}' })
  expect([posted.status, await posted.json()]).toEqual([403, expect.objectContaining({ code: 'INGEST_TOPIC_DERIVED' })])
})

test('a file is loaded into the entity that takes records, and into no other', () => {
  expect(entityToLoad(product, undefined).name).toBe('Sale')
  expect(() => entityToLoad(product, 'Store')).toThrow(
    'The rows of Store of tests/things are made by its fold alone: load what it is derived from.',
  )
})
