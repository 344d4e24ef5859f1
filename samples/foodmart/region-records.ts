// Records of customers.regions: FoodMart's region rows, byte for byte as they stand in the file.
import { foodmartLines } from './foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

export async function* regionRecords(): AsyncGenerator<SampleRecord> {
  for await (const line of foodmartLines('region')) {
    const { region_id: id } = JSON.parse(line) as { readonly region_id: number }
    yield { key: String(id), value: line }
  }
}
