// The baskets of FoodMart as the facts see them: read from the sales lines of the file, a basket being one (customer, day, store).
import { foodmartTable, sourceLines, tenThousandths } from './source-files.ts'

export interface BasketLine {
  readonly productId: string
  readonly quantity: number
  /** In ten-thousandths. */
  readonly amount: bigint
  readonly cost: bigint
  /** Null for FoodMart's number 0, "No Promotion". */
  readonly promotionId: string | null
}

export interface Basket {
  readonly id: string
  readonly customerId: string
  readonly storeId: string
  /** `1997-03-09` */
  readonly day: string
  readonly lines: readonly BasketLine[]
}

interface SalesRow {
  readonly product_id: number
  readonly time_id: number
  readonly customer_id: number
  readonly promotion_id: number
  readonly store_id: number
  readonly unit_sales: number
}

let read: readonly Basket[] | null = null

/** All of them, read once. */
export function baskets(): readonly Basket[] {
  return (read ??= readBaskets())
}

function readBaskets(): readonly Basket[] {
  const days = new Map(
    foodmartTable<{ readonly time_id: number; readonly the_date: string }>('time_by_day').map((row) => [
      row.time_id,
      row.the_date.slice(0, 10),
    ]),
  )
  const found = new Map<string, Basket & { readonly lines: BasketLine[] }>()
  for (const text of sourceLines('foodmart/sales_fact_1997.ndjson.gz')) {
    const row = JSON.parse(text) as SalesRow
    const id = `${row.customer_id}-${row.time_id}-${row.store_id}`
    const line: BasketLine = {
      productId: String(row.product_id),
      quantity: row.unit_sales,
      amount: tenThousandths(text, 'store_sales'),
      cost: tenThousandths(text, 'store_cost'),
      promotionId: row.promotion_id === 0 ? null : String(row.promotion_id),
    }
    const known = found.get(id)
    if (known !== undefined) known.lines.push(line)
    else {
      const day = days.get(row.time_id) ?? ''
      found.set(id, {
        id,
        customerId: String(row.customer_id),
        storeId: String(row.store_id),
        day,
        lines: [line],
      })
    }
  }
  return [...found.values()]
}
