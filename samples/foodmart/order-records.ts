// Records of sales.orders: FoodMart's sales lines of 1997, a basket being one (customer, day, store), paid at the day's UTC midnight.
// Baskets come in the order of their first line; lines keep the order of the file, and an article may stand in two of them.
import { digitsOf, foodmartRows, textOf } from './foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

interface OrderLine {
  readonly productId: string
  readonly quantity: number
  readonly amount: string
  readonly cost: string
  /** Null where FoodMart says `No Promotion` (number 0). */
  readonly promotionId: string | null
}

interface OrderRecord {
  readonly id: string
  readonly customerId: string
  readonly storeId: string
  readonly placedAt: string
  readonly lines: OrderLine[]
}

/** `1997-01-05 00:00:00.0` → `1997-01-05T00:00:00.000Z`. */
const midnightOf = (theDate: string): string => `${theDate.slice(0, 10)}T00:00:00.000Z`

async function midnightsByTimeId(): Promise<ReadonlyMap<string, string>> {
  const midnights = new Map<string, string>()
  for await (const row of foodmartRows('time_by_day')) {
    midnights.set(digitsOf(row, 'time_id'), midnightOf(textOf(row, 'the_date')))
  }
  return midnights
}

export async function* orderRecords(): AsyncGenerator<SampleRecord> {
  const midnights = await midnightsByTimeId()
  // A thousand baskets are not together in the file, so all of them are held: 20,530, some 20 MB.
  const orders = new Map<string, OrderRecord>()
  for await (const row of foodmartRows('sales_fact_1997')) {
    const customerId = digitsOf(row, 'customer_id')
    const timeId = digitsOf(row, 'time_id')
    const storeId = digitsOf(row, 'store_id')
    const id = `${customerId}-${timeId}-${storeId}`
    let order = orders.get(id)
    if (order === undefined) {
      const placedAt = midnights.get(timeId)
      if (placedAt === undefined) throw new TypeError(`FoodMart: no day has time_id ${timeId}`)
      order = { id, customerId, storeId, placedAt, lines: [] }
      orders.set(id, order)
    }
    const promotionId = digitsOf(row, 'promotion_id')
    order.lines.push({
      productId: digitsOf(row, 'product_id'),
      quantity: Number(digitsOf(row, 'unit_sales')),
      amount: digitsOf(row, 'store_sales'),
      cost: digitsOf(row, 'store_cost'),
      promotionId: promotionId === '0' ? null : promotionId,
    })
  }
  for (const [id, order] of orders) {
    // Whoever takes it has it: nothing of what is sent need be kept until the last.
    orders.delete(id)
    yield { key: id, value: order }
  }
}
