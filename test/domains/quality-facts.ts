// Facts of mesh/quality over the sample: of every source, as many records as its file has, none refused, and what the checks warn of counted from
// the file. They come before the facts that send records of their own, which quality counts too.
import { expect } from 'vitest'
import { baskets } from './baskets.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { allNodes } from './all-pages.ts'
import { riverReadings } from './river-readings.ts'
import { foodmartTable, sourceLines } from './source-files.ts'

interface Quality {
  readonly records: string
  readonly rejected: string
  readonly warned: string
  readonly passing: number
  readonly fillable: string
  readonly filled: string
  readonly completeness: number
  readonly failures: { readonly nodes: readonly { readonly check: string; readonly records: string }[] }
}

/** What checks found is told within seconds of the records. */
const TOLD_TIMEOUT_MS = 60_000

async function qualityOf(mesh: AskedMesh, product: string): Promise<Quality | null> {
  const { productQuality } = await mesh.query<{ productQuality: Quality | null }>(
    `query ($product: String!) { productQuality(product: $product) {
      records rejected warned passing fillable filled completeness failures { nodes { check records } }
    } }`,
    { product },
  )
  return productQuality
}

async function expectQuality(mesh: AskedMesh, product: string, expected: Partial<Quality>): Promise<void> {
  await expect
    .poll(() => qualityOf(mesh, product), { timeout: TOLD_TIMEOUT_MS, message: product })
    .toMatchObject(expected)
}

/** Subcategories, and every node above them. */
function classCount(): number {
  const rows = foodmartTable<Readonly<Record<string, string>>>('product_class')
  const columns = ['product_family', 'product_department', 'product_category']
  const above = columns.map((_, depth) => {
    const paths = rows.map((row) => JSON.stringify(columns.slice(0, depth + 1).map((column) => row[column])))
    return new Set(paths).size
  })
  return above.reduce((sum, nodes) => sum + nodes, rows.length)
}

/** Records of sources whose records pass all checks. */
const counts = (): readonly (readonly [product: string, records: number])[] => [
  ['customers/customers', sourceLines('foodmart/customer.ndjson.gz').length],
  ['customers/regions', sourceLines('foodmart/region.ndjson.gz').length],
  ['catalog/products', sourceLines('foodmart/product.ndjson.gz').length],
  ['catalog/classes', classCount()],
  ['sales/orders', baskets().length],
  ['sales/stores', sourceLines('foodmart/store.ndjson.gz').length],
  ['shipping/weather', sourceLines('weather/seattle-weather.csv.gz').length - 1],
]

const everyRecord: FactRule = {
  title: 'of every source quality counts as many records as its file has, and all of them pass',
  async check(mesh) {
    for (const [product, records] of counts()) {
      const none = { rejected: '0', warned: '0', passing: 1, failures: { nodes: [] } }
      await expectQuality(mesh, product, { records: String(records), ...none })
    }
  },
}

/** As the check has it: by more than that from one reading to the next. */
const CHANGE_MAX_HUNDREDTHS = 2_500

const warnings: FactRule = {
  title: 'of readings quality tells how many change by more than a check expects, and what share passes',
  async check(mesh) {
    const steep = riverReadings.filter(({ hundredths }, at) => {
      const before = riverReadings[at - 1]?.hundredths ?? hundredths
      return Math.abs(hundredths - before) > CHANGE_MAX_HUNDREDTHS
    }).length
    // The sensor is a record too.
    const records = riverReadings.length + 1
    expect(steep).toBeGreaterThan(0)
    await expectQuality(mesh, 'telemetry/readings', {
      records: String(records),
      rejected: '0',
      warned: String(steep),
      passing: (records - steep) / records,
      failures: { nodes: [{ check: 'rate-of-change', records: String(steep) }] },
    })
  },
}

/** The columns that a store's optional fields are from. */
const STORE_COLUMNS =
  'store_street_address store_postal_code store_phone first_opened_date last_remodel_date store_sqft grocery_sqft frozen_sqft meat_sqft coffee_bar video_store salad_bar prepared_food florist'.split(
    ' ',
  )

const completeness: FactRule = {
  title: 'the completeness of stores is the share of their optional columns that the file fills',
  async check(mesh) {
    const rows = foodmartTable<Readonly<Record<string, unknown>>>('store')
    const values = rows.flatMap((row) => STORE_COLUMNS.map((column) => row[column]))
    const filled = values.filter((value) => value !== null && value !== undefined && value !== '').length
    expect(filled).toBeLessThan(values.length)
    await expectQuality(mesh, 'sales/stores', {
      fillable: String(values.length),
      filled: String(filled),
      completeness: filled / values.length,
    })
  },
}

const minutes: FactRule = {
  title: 'the minutes of a source add up to all its records',
  async check(mesh) {
    for (const [product, records] of counts()) {
      const sum = async (): Promise<number> => {
        const field = `qualityMinutes(product: ${JSON.stringify(product)})`
        const nodes = await allNodes<{ readonly records: string }>(mesh, field, 'records')
        return nodes.reduce((total, node) => total + Number(node.records), 0)
      }
      await expect.poll(sum, { timeout: TOLD_TIMEOUT_MS, message: product }).toBe(records)
    }
  },
}

export const qualityFacts: readonly FactRule[] = [everyRecord, warnings, completeness, minutes]
