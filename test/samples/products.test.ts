// The sample's products take every record of FoodMart, and compute what the books say.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Row } from '../../schema/row.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import { compileRecordCodec } from '../../schema/emit/emit-record-codec.ts'
import { sampleLoads } from '../../samples/sample-loads.ts'

/** The rows that a topic's records become; warnings and rejections counted. */
async function decodeAll(domain: string): Promise<{ rows: Row[]; warned: number; rejected: unknown[] }> {
  const file = new URL(`../../subgraphs/${domain}/product.graphql`, import.meta.url)
  const { product, diagnostics } = compileProduct(`subgraphs/${domain}/product.graphql`, await readFile(file, 'utf8'))
  expect(diagnostics).toEqual([])
  const entity = product?.entities.find((each) => each.source !== null)
  const load = sampleLoads.find((each) => each.topic === entity?.source?.topic)
  if (product === null || entity === undefined || load === undefined) throw new Error(`no product ${domain}`)
  expect(load.product).toBe(`${product.domain}/${product.name}`)
  const codec = compileRecordCodec(product, entity)
  const rows: Row[] = []
  const rejected: unknown[] = []
  let warned = 0
  for await (const { key, value } of load.records()) {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const decoded = codec.decode({ key: Buffer.from(key), value: Buffer.from(text), headers: {} })
    if (decoded.kind === 'upsert') {
      rows.push(decoded.row)
      if (decoded.warnings.length > 0) warned++
    } else {
      rejected.push(decoded)
    }
  }
  return { rows, warned, rejected }
}

const exactSum = (decimals: readonly unknown[]): bigint =>
  decimals.reduce<bigint>((sum, decimal) => {
    const [whole = '', fraction = ''] = String(decimal).split('.')
    return sum + BigInt(whole + fraction.padEnd(4, '0'))
  }, 0n)

test('customers: all 10,281 pass, cards and incomes are parsed, "$150K +" has no upper bound', async () => {
  const { rows, warned, rejected } = await decodeAll('customers/customers')
  expect([rows.length, warned, rejected]).toEqual([10_281, 0, []])
  expect(rows[0]).toEqual({
    id: '1',
    fullName: 'Sheri Nowmer',
    address: '2433 Bailey Road',
    city: 'Tlaxiaco',
    stateProvince: 'Oaxaca',
    postalCode: '15057',
    country: 'Mexico',
    regionId: '30',
    phone: '271-555-9715',
    birthDate: '1961-08-26',
    gender: 'F',
    memberCard: 'BRONZE',
    memberSince: '1991-09-10',
    yearlyIncome: { min: 30_000, max: 50_000 },
    education: 'Partial High School',
    occupation: 'Skilled Manual',
    totalChildren: 4,
    childrenAtHome: 2,
    homeOwner: true,
    carsOwned: 4,
  })
  const incomes = new Set(rows.map((row) => JSON.stringify(row['yearlyIncome'])))
  expect(incomes.size).toBe(8)
  expect(incomes).toContain('{"min":150000,"max":null}')
})

test('catalog: all 1,560 pass with their place in the assortment', async () => {
  const { rows, rejected } = await decodeAll('catalog/products')
  expect([rows.length, rejected]).toEqual([1_560, []])
  expect(rows[0]).toMatchObject({ id: '1', name: 'Washington Berry Juice', price: '2.85', department: 'Beverages' })
})

test('sales: all 20,530 pass, and their totals are exactly 565238.13', async () => {
  const { rows, warned, rejected } = await decodeAll('sales/orders')
  expect([rows.length, warned, rejected]).toEqual([20_530, 0, []])
  expect(exactSum(rows.map((row) => row['total']))).toBe(5_652_381_300n)
  expect(exactSum(rows.filter((row) => row['customerId'] === '5219').map((row) => row['total']))).toBe(2_127_600n)
})
