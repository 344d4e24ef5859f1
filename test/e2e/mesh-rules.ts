// The mesh as its user meets it: start, query across domains, subscribe, send, restart. Every way to run it passes this suite.
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningMesh } from '../../bench/processes/running-mesh.ts'
import { FOODMART_FACTS, readFacts } from './facts.ts'
import { query, subscribe } from './graphql-client.ts'

// One file for every way: a relative path would be the calling test's own.
const CUSTOMER_5219 = fileURLToPath(new URL('./customer-5219.json', import.meta.url))
const START_TIMEOUT_MS = 180_000

/** Where a mesh keeps its data, from one start to the next. */
export interface MeshPlace {
  start(): Promise<RunningMesh>
  /** Grows with every record that is appended: bytes or records. */
  appended(): Promise<number>
  remove(): Promise<void>
}

/** `describeIt`: vitest's `describe`, or one that skips. */
export function describeMesh(
  name: string,
  open: () => Promise<MeshPlace>,
  describeIt: typeof describe.skip = describe,
): void {
  describeIt(name, () => {
    let place: MeshPlace
    let mesh: RunningMesh

    beforeAll(async () => {
      place = await open()
      mesh = await place.start()
      await mesh.ready()
    }, START_TIMEOUT_MS)

    afterAll(async () => {
      await mesh?.stop()
      await place?.remove()
    })

    test('tells the facts of FoodMart through one federated graph', { timeout: START_TIMEOUT_MS }, async () => {
      expect(await readFacts(mesh.url)).toEqual(FOODMART_FACTS)
    })

    test('starts again without loading anything twice', { timeout: START_TIMEOUT_MS }, async () => {
      expect(await mesh.stop()).toBe(0)
      const appended = await place.appended()
      mesh = await place.start()
      await mesh.ready()
      expect(await readFacts(mesh.url)).toEqual(FOODMART_FACTS)
      expect(await place.appended()).toBeLessThan(appended * 1.01)
    })

    test('joins customers, sales and catalog in one query, newest order first', async () => {
      const data = await query(
        mesh.url,
        `{ customer(id: "5219") {
          id fullName city country memberCard birthDate yearlyIncome { min max } phone
          orders(first: 2) { nodes { id placedAt total customer { id fullName } lines { quantity amount cost product { id name brand category department price } } } }
      } }`,
      )
      await expect(`${JSON.stringify(data, null, 2)}\n`).toMatchFileSnapshot(CUSTOMER_5219)
    })

    test('a page goes on where its cursor says, forwards and backwards', async () => {
      type Page = {
        customer: {
          orders: {
            edges: { cursor: string; node: { id: string } }[]
            pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string }
          }
        }
      }
      const document = `query ($first: Int, $after: String, $last: Int, $before: String) { customer(id: "5219") { orders(first: $first, after: $after, last: $last, before: $before) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`
      const page = async (variables: Record<string, unknown>) =>
        (await query<Page>(mesh.url, document, variables)).customer.orders
      const all = (await page({ first: 20 })).edges.map((edge) => edge.node.id)
      const first = await page({ first: 5 })
      const second = await page({ first: 5, after: first.pageInfo.endCursor })
      expect([...first.edges, ...second.edges].map((edge) => edge.node.id)).toEqual(all)
      expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false])
      const back = await page({ last: 3, before: second.edges[0]?.cursor })
      expect(back.edges.map((edge) => edge.node.id)).toEqual(all.slice(2, 5))
    })

    test('an order that is placed reaches its subscriber, joined with the other domains, and can be queried', async () => {
      const subscription = await subscribe(
        mesh.url,
        `subscription ($customerId: ID) { orderPlaced(customerId: $customerId) { id total customer { fullName } lines { quantity product { name } } } }`,
        { customerId: '1' },
      )
      const event = subscription.next()
      const placed = await untilDelivered(event, (attempt) => postOrder(mesh, `1-999-${attempt}`))
      expect(placed).toEqual({
        orderPlaced: {
          id: expect.stringMatching(/^1-999-\d+$/),
          total: '12.3',
          customer: { fullName: 'Sheri Nowmer' },
          lines: [
            { quantity: 2, product: { name: 'Washington Berry Juice' } },
            { quantity: 1, product: { name: 'Washington Mango Drink' } },
          ],
        },
      })
      const id = (placed as { orderPlaced: { id: string } }).orderPlaced.id
      const found = await query(mesh.url, `query ($id: ID!) { order(id: $id) { id total placedAt } }`, { id })
      expect(found).toEqual({ order: { id, total: '12.3', placedAt: '2026-01-02T03:04:05.000Z' } })
      await subscription.close()
    })

    test('a record that breaks a check is kept out, and stops nothing behind it', async () => {
      const order = { id: 'mended-1', customerId: '1', storeId: '2', placedAt: '2026-01-02T03:04:05Z', lines: [] }
      const mended = { ...order, lines: [{ productId: '1', quantity: 1, amount: '1.00', cost: '0.50' }] }
      const answer = await post(mesh, { ...order, placedAt: 'yesterday' }, mended)
      expect(answer).toMatchObject({ offsets: [{ error: null }, { error: null }] })
      await expect
        .poll(() => query(mesh.url, `{ order(id: "mended-1") { placedAt total } }`), { timeout: 20_000 })
        .toEqual({ order: { placedAt: '2026-01-02T03:04:05.000Z', total: '1' } })
    })

    test('serves the page, its health and the public schema', async () => {
      const get = async (path: string) => {
        const response = await fetch(`${mesh.url}${path}`)
        return { status: response.status, text: await response.text() }
      }
      expect((await get('/')).text).toContain('<html')
      expect((await get('/health/live')).status).toBe(200)
      expect((await get('/health/ready')).status).toBe(200)
      const schema = await get('/schema.graphql')
      expect(schema.text).toContain('type Customer')
      expect(schema.text).not.toContain('join__')
    })
  })
}

async function post(mesh: RunningMesh, ...orders: Record<string, unknown>[]): Promise<unknown> {
  const response = await fetch(mesh.topicUrl('sales.orders'), {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: orders.map((order) => ({ key: order['id'], value: order })) }),
  })
  return response.json()
}

function postOrder(mesh: RunningMesh, id: string): Promise<unknown> {
  return post(mesh, {
    id,
    customerId: '1',
    storeId: '2',
    placedAt: '2026-01-02T03:04:05Z',
    lines: [
      { productId: '1', quantity: 2, amount: '5.70', cost: '2.00' },
      { productId: '2', quantity: 1, amount: '6.60', cost: '3.10' },
    ],
  })
}

/**
 * A client is not told when its subscription is established (graphql-transport-ws has no such message), so orders are placed
 * until the first of them arrives.
 */
async function untilDelivered(
  event: ReturnType<Awaited<ReturnType<typeof subscribe>>['next']>,
  place: (attempt: number) => Promise<unknown>,
): Promise<unknown> {
  let delivered = false
  void event.finally(() => (delivered = true))
  for (let attempt = 1; !delivered; attempt += 1) {
    await place(attempt)
    await Promise.race([event, new Promise((resolve) => setTimeout(resolve, 250))])
  }
  const { data, errors } = await event
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  return data
}
