// FoodMart's orders and customers, with corrections, moves and deletes: ingested in their order, shuffled within what partitions allow with
// every tenth record doubled, and replayed in place, they give the same digest; and queries see no difference while a replay runs.
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterEach, expect, test } from 'vitest'
import { digestProduct, type ProductDigest } from '../../ingest/digest/digest-product.ts'
import { startIngest, type Ingest } from '../../ingest/main.ts'
import { parseReplayFrom } from '../../ingest/replay/replay-from.ts'
import { requestReplay } from '../../ingest/replay/request-replay.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import { sampleLoads } from '../../samples/sample-loads.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import type { Product } from '../../schema/model.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import { eventually } from '../conformance/event-log-harness.ts'
import { seededRandom } from '../seeded-random.ts'
import { openPorts, type TestPorts } from './open-ports.ts'

interface Loaded {
  readonly topic: string
  readonly key: string
  /** Null deletes. */
  readonly value: Readonly<Record<string, unknown>> | null
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function productOf(domain: string): Promise<Product> {
  const file = new URL(`../../subgraphs/${domain}/product.graphql`, import.meta.url)
  const { product } = compileProduct(`${domain}.graphql`, await readFile(file, 'utf8'))
  if (product === null) throw new Error(`${domain} compiles.`)
  return product
}

/** All of FoodMart in the long form (MESHGATE_TEST_LONG=1), a part of it else. */
const EVERY = process.env['MESHGATE_TEST_LONG'] === '1' ? 1 : 8

/** Every seventh order is corrected to another customer and every 31st deleted; every ninth customer is corrected. */
async function records(): Promise<Loaded[]> {
  const first: Loaded[] = []
  const later: Loaded[] = []
  for (const load of sampleLoads) {
    const { topic } = load
    if (topic !== 'customers.customers' && topic !== 'sales.orders') continue
    let index = 0
    let read = 0
    for await (const { key, value } of load.records()) {
      if (read++ % EVERY !== 0) continue
      index += 1
      const record = { topic, key: String(key), value: value as Readonly<Record<string, unknown>> }
      first.push(record)
      if (topic === 'sales.orders' && index % 7 === 0) {
        later.push({ ...record, value: { ...record.value, customerId: String(1 + (index % 500)) } })
      }
      if (topic === 'sales.orders' && index % 31 === 0) later.push({ ...record, value: null })
      if (topic === 'customers.customers' && index % 9 === 0) later.push(record)
    }
  }
  return [...first, ...later]
}

/** The records of a key keep their order; every tenth comes twice, the second time before the next of its key. */
function shuffledAndDoubled(all: readonly Loaded[], random: () => number): Loaded[] {
  const places: { readonly at: number; readonly record: Loaded }[] = []
  const perKey = Map.groupBy(all, ({ topic, key }) => `${topic} ${key}`)
  let count = 0
  for (const own of perKey.values()) {
    const doubled = own.flatMap((record) => ((count += 1) % 10 === 0 ? [record, record] : [record]))
    const times = doubled.map(() => random()).toSorted((left, right) => left - right)
    doubled.forEach((record, index) => places.push({ at: times[index] ?? 0, record }))
  }
  return places.toSorted((left, right) => left.at - right.at).map(({ record }) => record)
}

interface Mesh {
  readonly ports: TestPorts
  readonly ingest: Ingest
  readonly products: readonly Product[]
}

async function open(products: readonly Product[]): Promise<Mesh> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const ingest = await startIngest({ products, ...ports, sweep: false })
  closing.push(() => ingest.close())
  return { ports, ingest, products }
}

async function append({ ports, ingest }: Mesh, all: readonly Loaded[]): Promise<void> {
  for (let from = 0; from < all.length; from += 1_000) {
    const byTopic = Map.groupBy(all.slice(from, from + 1_000), ({ topic }) => topic)
    for (const [topic, own] of byTopic) {
      const appends = own.map(({ key, value }): AppendRecord => {
        return { key: Buffer.from(key), value: value === null ? null : Buffer.from(JSON.stringify(value)) }
      })
      await ports.log.append(topic, appends)
    }
  }
  await ingest.caughtUp()
}

const digests = ({ ports, products }: Mesh): Promise<ProductDigest[]> =>
  Promise.all(products.map((product) => digestProduct(ports.store, product)))

async function replayed({ ports, ingest, products }: Mesh): Promise<void> {
  for (const product of products) {
    const from = parseReplayFrom('earliest')
    await requestReplay(ports, { id: randomUUID(), product, from, requestedBy: null })
  }
  await eventually(async () => {
    expect((await ingest.replays()).map(({ state }) => state)).toEqual(products.map(() => 'done'))
  })
}

/** Asks until told to end; gives what was answered otherwise than expected. */
function askAllAlong(
  { ports, products }: Mesh,
  orders: ReadonlyMap<string, Loaded>,
): () => Promise<{ readonly asked: number; readonly wrong: readonly unknown[] }> {
  const [sales] = products
  if (sales === undefined) throw new Error('There is a product.')
  const subgraph = createSubgraph({ product: sales, ...ports, cursorKey: new Uint8Array(32).fill(1) })
  const query =
    'query ($id: ID!, $customer: ID!) { order(id: $id) { id customerId } \
    _entities(representations: [{ __typename: "Customer", id: $customer }]) { ... on Customer { orders(first: 100) { nodes { id } } } } }'
  const random = seededRandom(5)
  const ids = [...orders.keys()]
  const wrong: unknown[] = []
  let [asked, ended] = [0, false]
  const asking = (async () => {
    while (!ended) {
      const id = ids[Math.floor(random() * ids.length)] ?? ''
      const customer = String(orders.get(id)?.value?.['customerId'])
      const variables = { id, customer }
      const { data, errors } = await subgraph.endpoint.execute({
        query,
        variables,
        principal: ANONYMOUS,
      })
      asked += 1
      const order = data?.['order'] as { readonly customerId?: string } | null
      const [entity] = (data?.['_entities'] ?? []) as { orders: { nodes: { id: string }[] } }[]
      const listed = entity?.orders.nodes.some((node) => node.id === id)
      if (errors !== undefined || order?.customerId !== customer || listed !== true) wrong.push({ id, errors, order })
    }
  })()
  return async () => {
    ended = true
    await asking
    await subgraph.close()
    return { asked, wrong }
  }
}

test('ends in the same visible rows, whatever the order and however often, and queries see none of it', async () => {
  const products = [await productOf('sales/orders'), await productOf('customers/customers')]
  const all = await records()
  const [inOrder, other] = [await open(products), await open(products)]
  await append(inOrder, all)
  const expected = await digests(inOrder)
  expect(expected.map(({ agrees }) => agrees)).toEqual([true, true])
  const deleted = new Set(all.filter(({ value }) => value === null).map(({ key }) => key))
  const orders = new Map(
    all.filter(({ topic, key }) => topic === 'sales.orders' && !deleted.has(key)).map((one) => [one.key, one]),
  )
  expect(expected[0]?.tables.map(({ rows }) => rows)).toEqual([orders.size, orders.size, orders.size])

  const ask = askAllAlong(inOrder, orders)
  await replayed(inOrder)
  const { asked, wrong } = await ask()
  expect(wrong).toEqual([])
  expect(asked).toBeGreaterThan(10)
  expect(await digests(inOrder)).toEqual(expected)

  const mixed = shuffledAndDoubled(all, seededRandom(11))
  expect(mixed.length).toBeGreaterThan(all.length * 1.09)
  await append(other, mixed)
  expect(await digests(other)).toEqual(expected)
  await replayed(other)
  expect(await digests(other)).toEqual(expected)
}, 600_000)
