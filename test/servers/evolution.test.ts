// A product goes to its next version on Kafka and Cassandra, role by role, while records come and queries run: a new optional field, a wider
// one, and a new table with a page on it.
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import type { Ingest } from '../../ingest/main.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { productKey } from '../../platform/table-generations.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import type { Product } from '../../schema/model.ts'
import type { Subgraph } from '../../subgraphs/runtime/subgraph.ts'
import { byId } from '../ingest/open-ports.ts'
import { ItemMesh, itemsSdl, recordOf, type Item } from './item-mesh.ts'
import { cassandraAddress, describeServers, kafkaAddress } from './test-servers.ts'

const KEYS = 60
const BATCH = 20
const SHELVES = 5
let mesh: ItemMesh | null = null
let gateway: Gateway | null = null
afterEach(async () => {
  await gateway?.close()
  gateway = null
  await mesh?.close()
})

function nextVersion({ product, topic }: ItemMesh): Product {
  const sdl = itemsSdl(product.name.slice('items'.length), topic)
    .replace('version: "1.0.0"', 'version: "1.1.0"')
    .replace('rank: Int!', 'rank: BigInt!\n  note: String')
    .replace(
      'clusteringKey: ["id"]) {',
      'clusteringKey: ["id"])\n  @table(name: "items_at", partitionKey: ["shelf"], clusteringKey: ["id"]) {',
    )
    .replace(
      'type Query {',
      'type Query {\n  itemsAt(shelf: String!, first: Int, after: String): ItemConnection! @page(table: "items_at")',
    )
  const compiled = compileProduct('items.graphql', sdl)
  if (compiled.product === null) throw new Error(JSON.stringify(compiled.diagnostics, null, 2))
  return compiled.product
}

interface Answer {
  readonly data?: Record<string, unknown> | null
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[]
}

async function ask(query: string): Promise<Answer> {
  const response = await fetch(`${gateway?.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  return (await response.json()) as Answer
}

/** Serial numbers are ranks: of two records of an item the greater one is the later. */
class Items {
  readonly last = new Map<string, Item>()
  rank = 0

  async append(log: Awaited<ReturnType<ItemMesh['process']>>['log'], topic: string): Promise<void> {
    const wanted = Array.from({ length: BATCH }, () => {
      this.rank += 1
      return { id: `item-${(this.rank * 7) % KEYS}`, shelf: `shelf-${this.rank % SHELVES}`, rank: this.rank }
    })
    for (const item of wanted) this.last.set(item.id, item)
    await log.append(topic, wanted.map(recordOf))
  }
}

async function rankOf(subgraph: Subgraph, id: string): Promise<number> {
  const { data, errors } = await subgraph.endpoint.execute({
    query: `{ item(id: "${id}") { rank } }`,
    principal: ANONYMOUS,
  })
  expect(errors).toBeUndefined()
  return Number((data?.['item'] as { rank: string | number } | null)?.rank ?? 0)
}

async function allPages(): Promise<object[]> {
  const pages = await Promise.all(
    Array.from({ length: SHELVES }, async (_, shelf) => {
      const { data, errors } = await ask(
        `{ itemsAt(shelf: "shelf-${shelf}", first: 100) { nodes { id shelf rank note } } }`,
      )
      expect(errors).toBeUndefined()
      return (data?.['itemsAt'] as { nodes: Item[] } | undefined)?.nodes ?? []
    }),
  )
  return byId(pages.flat().map((item) => ({ ...item })))
}

describeServers('a new version of a product on Kafka and Cassandra', () => {
  test('takes over role by role while records come, and its new page holds everything', async () => {
    const [kafka, cassandra] = await Promise.all([kafkaAddress(), cassandraAddress()])
    const items = (mesh = new ItemMesh({ kafka, cassandra }))
    const old: Ingest[] = [await items.ingest(), await items.ingest()]
    const { log } = await items.process()
    const written = new Items()
    for (let wave = 0; wave < 10; wave += 1) await written.append(log, items.topic)
    await old[0]?.caughtUp()
    const served = await items.subgraph()
    gateway = await startGateway({ mesh: { subgraphs: [served] }, port: 0, logger: pino({ level: 'silent' }) })

    const appending = new AbortController()
    const asked = { answers: 0, refused: 0 }
    const running = (async () => {
      while (!appending.signal.aborted) {
        await written.append(log, items.topic)
        const { data, errors } = await ask('{ item(id: "item-1") { id rank } }')
        expect(errors).toBeUndefined()
        expect(data?.['item']).toMatchObject({ id: 'item-1' })
        expect(await rankOf(served, 'item-1')).toBeGreaterThan(0)
        asked.answers += 1
        await setTimeout(50)
      }
    })()
    running.catch(() => undefined)

    const product = nextVersion(items)
    const next = await items.ingest({ products: [product] })
    const servedNext = await items.subgraph(product)
    await gateway.replaceSupergraph({ subgraphs: [servedNext] })
    const status = () => next.tables()[productKey(product)]
    while (status()?.adding !== null) {
      const { errors } = await ask('{ itemsAt(shelf: "shelf-1", first: 10) { nodes { id } } }')
      const codes = (errors ?? []).map(({ extensions }) => extensions?.code)
      // It may have become whole since.
      if (status()?.adding !== null) expect(codes).toEqual(['TABLE_FILLING'])
      asked.refused += 1
      await setTimeout(200)
    }
    appending.abort()
    await running
    expect(asked.answers).toBeGreaterThan(10)
    expect(asked.refused).toBeGreaterThan(10)
    for (const member of old) {
      expect(member.tables()[productKey(product)]).toMatchObject({ supersededBy: '1.1.0' })
      await member.close()
    }

    const noted = { id: 'item-noted', shelf: 'shelf-1', rank: 9_007_199_254_740_991, note: 'new' }
    await log.append(items.topic, [recordOf(noted)])
    await next.caughtUp()
    const expected = [...written.last.values()].map((item) => ({ ...item, rank: String(item.rank), note: null }))
    await vi.waitFor(
      async () => expect(await allPages()).toEqual(byId([...expected, { ...noted, rank: String(noted.rank) }])),
      { timeout: 30_000, interval: 200 },
    )
    for (const { id, rank } of written.last.values()) {
      expect(await rankOf(served, id)).toBe(rank)
      expect(await rankOf(servedNext, id)).toBe(rank)
    }
  }, 240_000)
})
