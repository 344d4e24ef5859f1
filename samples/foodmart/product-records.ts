// Records of catalog.products: FoodMart's product row joined with its product class. Numbers that are decimals or longer than a
// price go as the text of their digits.
import { digitsOf, foodmartRows, type FoodmartRow, plainRow } from './foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

const CLASS_COLUMNS = ['product_subcategory', 'product_category', 'product_department', 'product_family'] as const

export async function* productRecords(): AsyncGenerator<SampleRecord> {
  const classes = new Map<string, FoodmartRow>()
  for await (const row of foodmartRows('product_class')) classes.set(digitsOf(row, 'product_class_id'), row)
  for await (const row of foodmartRows('product')) {
    const productClass = classes.get(digitsOf(row, 'product_class_id')) ?? {}
    const classCells = Object.fromEntries(CLASS_COLUMNS.map((column) => [column, productClass[column] ?? null]))
    const units = Number(digitsOf(row, 'units_per_case'))
    const value = { ...plainRow(row), ...classCells, units_per_case: units }
    yield { key: digitsOf(row, 'product_id'), value }
  }
}
