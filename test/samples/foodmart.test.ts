// The facts that the FoodMart sample must come to, counted on the records that its mapping makes.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { sampleLoads } from '../../samples/sample-loads.ts'

interface OrderValue {
  readonly id: string
  readonly customerId: string
  readonly placedAt: string
  readonly lines: readonly { productId: string; quantity: number; amount: string; cost: string }[]
}

async function recordsOf(topic: string): Promise<{ key: string; value: object | string }[]> {
  const load = sampleLoads.find((candidate) => candidate.topic === topic)
  if (load === undefined) throw new Error(`no load of ${topic}`)
  const records = []
  for await (const record of load.records()) records.push(record)
  return records
}

/** Ten-thousandths of `1.5000`. */
const tenThousandths = (digits: string): bigint => {
  expect(digits).toMatch(/^\d+\.\d{4}$/)
  return BigInt(digits.replace('.', ''))
}

describe('the FoodMart sample', () => {
  test('has as many records as each load says', async () => {
    for (const load of sampleLoads)
      expect([load.name, (await recordsOf(load.topic)).length]).toEqual([load.name, load.expected])
  })

  test('has 10,281 customers, 1,560 products and 20,530 orders, every key once', async () => {
    const topics = ['customers.customers', 'catalog.products', 'sales.orders']
    const keys = await Promise.all(topics.map(async (topic) => (await recordsOf(topic)).map((record) => record.key)))
    expect(keys.map((each) => [each.length, new Set(each).size])).toEqual([
      [10_281, 10_281],
      [1_560, 1_560],
      [20_530, 20_530],
    ])
  })

  test('gives customers as they stand in the file', async () => {
    const [first] = await recordsOf('customers.customers')
    expect(first?.key).toBe('1')
    expect(first?.value).toMatch(/^\{"customer_id":1,"account_num":87462024688,.*"fullname":"Sheri Nowmer"\}$/)
  })

  test('joins products with their class and keeps the digits of decimals', async () => {
    const [first] = await recordsOf('catalog.products')
    expect(first).toEqual({
      key: '1',
      value: {
        product_class_id: '30',
        product_id: '1',
        brand_name: 'Washington',
        product_name: 'Washington Berry Juice',
        SKU: '90748583674',
        SRP: '2.8500',
        gross_weight: '8.39',
        net_weight: '6.39',
        recyclable_package: false,
        low_fat: false,
        units_per_case: 30,
        cases_per_pallet: '14',
        shelf_width: '16.9',
        shelf_height: '12.6',
        shelf_depth: '7.4',
        product_subcategory: 'Juice',
        product_category: 'Pure Juice Beverages',
        product_department: 'Beverages',
        product_family: 'Drink',
      },
    })
  })

  test('makes 20,530 orders of 86,837 lines worth exactly 565238.13, and keeps both lines of an article bought twice', async () => {
    const orders = (await recordsOf('sales.orders')).map((record) => record.value as OrderValue)
    const lines = orders.flatMap((order) => order.lines)
    const sum = lines.reduce((total, line) => total + tenThousandths(line.amount), 0n)
    const twice = orders.filter((order) => new Set(order.lines.map((line) => line.productId)).size < order.lines.length)
    const ofOne = orders.filter((order) => order.customerId === '5219')
    const linesOfOne = ofOne.flatMap((order) => order.lines)
    expect({
      orders: orders.length,
      lines: lines.length,
      sum,
      twice: twice.length,
      ofOne: ofOne.length,
      linesOfOne: linesOfOne.length,
      sumOfOne: linesOfOne.reduce((total, line) => total + tenThousandths(line.amount), 0n),
      wholeQuantities: lines.every((line) => Number.isInteger(line.quantity) && line.quantity > 0),
      years: [...new Set(orders.map((order) => order.placedAt.replace(/^(\d{4})-\d\d-\d\dT(.*)$/, '$1 $2')))],
    }).toEqual({
      orders: 20_530,
      lines: 86_837,
      sum: 5_652_381_300n,
      twice: 8,
      ofOne: 8,
      linesOfOne: 30,
      sumOfOne: 2_127_600n,
      wholeQuantities: true,
      years: ['1997 00:00:00.000Z'],
    })
  })

  test('gives the same records in the same order every time', async () => {
    for (const load of sampleLoads) {
      const [first, second] = [await recordsOf(load.topic), await recordsOf(load.topic)]
      expect(first).toEqual(second)
    }
  })

  test('ships its licence and names itself in the notice', async () => {
    const notice = await readFile(new URL('../../NOTICE', import.meta.url), 'utf8')
    const licence = await readFile(new URL('../../samples/foodmart/LICENSE', import.meta.url), 'utf8')
    expect(notice).toContain('samples/foodmart')
    expect(licence).toContain('Apache License')
  })
})
