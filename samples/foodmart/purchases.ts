// What generated samples are told of: FoodMart's baskets and the articles in them.
import { digitsOf, foodmartFile, foodmartRows, textOf } from './foodmart-rows.ts'
import { orderRecords } from './order-records.ts'

/** Of an order's record, what is generated from. */
export interface Purchase {
  readonly id: string
  readonly customerId: string
  readonly placedAt: string
  readonly lines: readonly { readonly productId: string }[]
}

export interface Article {
  readonly brand: string
  /** `Canned Fruit` */
  readonly subcategory: string
}

/** The files that purchases and articles are read from. */
export const purchaseFiles: readonly URL[] = ['sales_fact_1997', 'time_by_day', 'product', 'product_class'].map(
  (name) => foodmartFile(name),
)

/** All 20,530, in the order of sales.orders. */
export async function purchases(): Promise<readonly Purchase[]> {
  const all: Purchase[] = []
  for await (const { value } of orderRecords()) {
    // Half of an order's memory is amounts, which nobody asks for.
    const { id, customerId, placedAt, lines } = value as Purchase
    all.push({ id, customerId, placedAt, lines: lines.map(({ productId }) => ({ productId })) })
  }
  return all
}

/** By product id. */
export async function articles(): Promise<ReadonlyMap<string, Article>> {
  const subcategories = new Map<string, string>()
  for await (const row of foodmartRows('product_class')) {
    subcategories.set(digitsOf(row, 'product_class_id'), textOf(row, 'product_subcategory').trim())
  }
  const found = new Map<string, Article>()
  for await (const row of foodmartRows('product')) {
    const subcategory = subcategories.get(digitsOf(row, 'product_class_id')) ?? 'Groceries'
    found.set(digitsOf(row, 'product_id'), { brand: textOf(row, 'brand_name').trim(), subcategory })
  }
  return found
}
