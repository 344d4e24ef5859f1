// Records of sales.stores: FoodMart's store rows. Their dates stand there with a midnight, which is cut off.
import { foodmartLines } from './foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

type StoreRow = Readonly<Record<string, string | number | boolean | null>>

const DATES = ['first_opened_date', 'last_remodel_date']

export async function* storeRecords(): AsyncGenerator<SampleRecord> {
  for await (const line of foodmartLines('store')) {
    const row = JSON.parse(line) as StoreRow
    const cells = Object.entries(row).map(([column, cell]) => [
      column,
      DATES.includes(column) && typeof cell === 'string' ? cell.slice(0, 10) : cell,
    ])
    yield { key: String(row['store_id']), value: Object.fromEntries(cells) as object }
  }
}
