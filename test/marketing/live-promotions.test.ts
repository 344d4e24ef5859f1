// What promotions brought, live: an order that is corrected takes back what it told.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SmallMesh, startSmallMesh } from '../support/small-mesh.ts'

/** Against hanging: the sample of ten products is loaded and folded in a minute where the machine is shared. */
const START_TIMEOUT_MS = 300_000
const PRODUCTS = [
  'catalog/products',
  'customers/customers',
  'customers/regions',
  'marketing/campaigns',
  'marketing/customer-promotions',
  'marketing/promotion-results',
  'marketing/promotions',
  'sales/daily-sales',
  'sales/orders',
  'sales/stores',
] as const

/** Nobody bought in these two of 1996: 2 is "Green Light Special" of 18 to 20 January. */
const ORDER = {
  id: '1-1-2',
  customerId: '1',
  storeId: '2',
  placedAt: '1996-01-18T00:00:00.000Z',
  lines: [
    { productId: '1', quantity: 2, amount: '5.70', cost: '2.10', promotionId: '2' },
    { productId: '2', quantity: 1, amount: '1.10', cost: '0.40', promotionId: null },
  ],
}
const BEFORE = {
  id: '900002-1-2',
  customerId: '900002',
  storeId: '2',
  placedAt: '1996-01-10T00:00:00.000Z',
  lines: [{ productId: '1', quantity: 1, amount: '4.00', cost: '1.00', promotionId: null }],
}

describe('what promotions brought', () => {
  let mesh: SmallMesh

  beforeAll(async () => {
    mesh = await startSmallMesh(PRODUCTS)
  }, START_TIMEOUT_MS)

  afterAll(() => mesh.close())

  const result = (id: string) =>
    mesh.query(
      `{ promotion(id: "${id}") {
        result { customers orders revenue margin revenueDuring revenueBefore lift }
        stores { nodes { storeId revenue } }
      } }`,
    )
  const used = (customerId: string) =>
    mesh.query(
      `{ customer(id: "${customerId}") { id promotions { nodes { revenue promotion { name campaign { name } } } } } }`,
    )
  const nothing = {
    promotion: {
      result: {
        customers: 0,
        orders: '0',
        revenue: '0',
        margin: '0',
        revenueDuring: '0',
        revenueBefore: '0',
        lift: null,
      },
      stores: { nodes: [] },
    },
  }

  test('an order in a promotion is its response, and the day its lift over the days before', async () => {
    expect(await result('2')).toEqual(nothing)
    await mesh.send('sales.orders', BEFORE)
    await mesh.send('sales.orders', ORDER)
    await expect
      .poll(() => result('2'))
      .toEqual({
        promotion: {
          result: {
            customers: 1,
            orders: '1',
            revenue: '5.7',
            margin: '3.6',
            revenueDuring: '6.8',
            revenueBefore: '4',
            lift: expect.closeTo(0.7, 9),
          },
          stores: { nodes: [{ storeId: '2', revenue: '5.7' }] },
        },
      })
  })

  test('the customer sees it among the promotions that worked, with its campaign', async () => {
    const promotion = { name: 'Green Light Special', campaign: { name: 'Green Light Special' } }
    await expect
      .poll(() => used('1'))
      .toMatchObject({
        customer: { promotions: { nodes: [{ revenue: '5.7', promotion }] } },
      })
  })

  test('an order that turns out to be of another promotion leaves nothing with the first', async () => {
    const [line, ...others] = ORDER.lines
    await mesh.send('sales.orders', { ...ORDER, lines: [{ ...line, promotionId: '3' }, ...others] })
    await expect.poll(() => result('3')).toMatchObject({ promotion: { result: { orders: '1', revenue: '5.7' } } })
    await expect.poll(() => result('2')).toEqual(nothing)
    await expect
      .poll(() => used('1'))
      .toMatchObject({
        customer: { promotions: { nodes: [{ promotion: { name: 'Wallet Savers' } }] } },
      })
  })
})
