// Records of marketing.promotions: FoodMart's promotion rows, the cost as the text of its digits and dates without their midnights. Its
// row 0, "No Promotion", says of a sales line that there was none: it is no promotion and left out.
import { digitsOf, foodmartRows, textOf } from '../foodmart/foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

const NO_PROMOTION = '0'

/** `1996-01-03 00:00:00.0` → `1996-01-03`. */
const dateOf = (text: string): string => text.slice(0, 10)

export async function* promotionRecords(): AsyncGenerator<SampleRecord> {
  for await (const row of foodmartRows('promotion')) {
    const id = digitsOf(row, 'promotion_id')
    if (id === NO_PROMOTION) continue
    const value = {
      promotion_id: id,
      promotion_district_id: digitsOf(row, 'promotion_district_id'),
      promotion_name: textOf(row, 'promotion_name'),
      media_type: textOf(row, 'media_type'),
      cost: digitsOf(row, 'cost'),
      start_date: dateOf(textOf(row, 'start_date')),
      end_date: dateOf(textOf(row, 'end_date')),
    }
    yield { key: id, value }
  }
}
