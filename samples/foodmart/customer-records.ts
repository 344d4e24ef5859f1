// Records of customers.customers: FoodMart's customer rows, byte for byte as they stand in the file. Cleaning is the product's.
import { foodmartLines } from './foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

export async function* customerRecords(): AsyncGenerator<SampleRecord> {
  for await (const line of foodmartLines('customer')) {
    const { customer_id: id } = JSON.parse(line) as { readonly customer_id: number }
    yield { key: String(id), value: line }
  }
}
