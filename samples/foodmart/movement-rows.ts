// FoodMart's inventory rows of 1997, each with a number of its own and its day. The books number neither movements nor shipments: the number is
// made of product, warehouse, store and day, which no two rows of the file share. Where two did, the second would be told apart by `-2`.
import { digitsOf, foodmartRows, type FoodmartRow } from './foodmart-rows.ts'
import { foodmartDays } from './foodmart-days.ts'

export interface MovementRow {
  readonly id: string
  /** `1997-01-05` */
  readonly day: string
  readonly row: FoodmartRow
}

export async function* movementRows(): AsyncGenerator<MovementRow> {
  const days = await foodmartDays()
  const seen = new Map<string, number>()
  for await (const row of foodmartRows('inventory_fact_1997')) {
    const timeId = digitsOf(row, 'time_id')
    const day = days.get(timeId)
    if (day === undefined) throw new TypeError(`FoodMart: no day has time_id ${timeId}`)
    const place = ['product_id', 'warehouse_id', 'store_id'].map((column) => digitsOf(row, column)).join('-')
    const number = `${place}-${day.replaceAll('-', '')}`
    const count = (seen.get(number) ?? 0) + 1
    seen.set(number, count)
    yield { id: count === 1 ? number : `${number}-${count}`, day, row }
  }
}
