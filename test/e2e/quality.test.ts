// The quality of a product as its owner sees it: asked and live, every record once, whatever became of it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEmbeddedMesh } from '../../bench/processes/embedded-mesh.ts'
import type { RunningMesh } from '../../bench/processes/running-mesh.ts'
import { query, subscribe } from './graphql-client.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const START_TIMEOUT_MS = 120_000
const PRODUCTS = ['customers/customers', 'customers/regions', 'mesh/observations', 'mesh/quality']

let mesh: RunningMesh
let remove: () => Promise<void>

beforeAll(async () => {
  const directory = await temporaryDirectory()
  remove = directory.remove
  mesh = await startEmbeddedMesh({ dataDirectory: directory.path, products: [...PRODUCTS, '--no-sample'] })
  await mesh.ready()
}, START_TIMEOUT_MS)

afterAll(async () => {
  await mesh?.stop()
  await remove?.()
})

const customer = (id: number, fields: object = {}) => ({
  customer_id: id,
  fullname: 'Ada King',
  city: 'London',
  country: 'UK',
  member_card: 'Golden',
  ...fields,
})

async function send(...customers: readonly { readonly customer_id: number }[]): Promise<void> {
  const records = customers.map((value) => ({ key: String(value.customer_id), value }))
  const response = await fetch(mesh.topicUrl('customers.customers'), {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records }),
  })
  expect(response.status).toBe(200)
}

test('counts what came, what passed, and which checks the others failed', async () => {
  // One that passes, two that a check warns of, one that is refused.
  await send(
    customer(1),
    customer(2, { gender: 'X' }),
    customer(3, { gender: 'X', phone1: 'none' }),
    customer(4, { member_card: 'Tin' }),
  )
  await expect
    .poll(
      () =>
        query(
          mesh.url,
          `{ productQuality(product: "customers/customers") {
            records rejected warned passing failures { nodes { check records } } minutes { nodes { records } }
          } }`,
        ),
      { timeout: 60_000 },
    )
    .toEqual({
      productQuality: {
        records: '4',
        rejected: '1',
        warned: '2',
        passing: 0.25,
        failures: {
          nodes: [
            { check: 'gender-known', records: '2' },
            { check: 'phone-form', records: '1' },
            { check: 'type', records: '1' },
          ],
        },
        minutes: { nodes: expect.toSatisfy((nodes: { records: string }[]) => sumOf(nodes) === 4) },
      },
    })
})

test('is told live, minute by minute', async () => {
  const subscription = await subscribe(
    mesh.url,
    'subscription { qualityChanged(product: "customers/customers") { product records completeness delayMs } }',
  )
  let event: unknown = null
  const first = subscription.next().then((told) => (event = told))
  for (let id = 100; event === null; id += 1) {
    await send(customer(id))
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 500))])
  }
  expect(event).toMatchObject({
    data: {
      qualityChanged: {
        product: 'customers/customers',
        records: expect.stringMatching(/^[1-9]\d*$/),
        completeness: expect.closeTo(0.1, 0),
        delayMs: expect.any(Number),
      },
    },
  })
  await subscription.close()
})

function sumOf(nodes: readonly { readonly records: string }[]): number {
  return nodes.reduce((sum, { records }) => sum + Number(records), 0)
}
