// FoodMart's books, added up by plain code from the files: what the facts of the domain finance are compared with. Amounts are integers,
// ten-thousandths of a unit of their currency.
import { foodmartTable, sourceLines, tenThousandths } from './source-files.ts'

export interface Sale {
  readonly storeId: string
  readonly day: string
  readonly month: string
  readonly category: string
  readonly revenue: bigint
  readonly cost: bigint
}

export interface Expense {
  readonly storeId: string
  readonly accountId: string
  readonly date: string
  readonly currency: string
  readonly amount: bigint
  /** Rounded to the cent, half away from zero. */
  readonly inUsDollars: bigint
}

export interface ChartAccount {
  readonly id: string
  readonly name: string
  readonly parentId: string | null
  readonly rollup: string
}

const CODES: Readonly<Record<string, string>> = { USD: 'USD', 'Mexican Peso': 'MXN', 'Canadian Dollar': 'CAD' }

export const monthOf = (day: string): string => `${day.slice(0, 7)}-01`

interface RateLine {
  readonly currency_id: number
  readonly date: string
  readonly currency: string
}

const rateLines = sourceLines('foodmart/currency.ndjson.gz').map((line) => ({
  ...(JSON.parse(line) as RateLine),
  rate: tenThousandths(line, 'conversion_ratio'),
}))
const codeOfCurrency = new Map(rateLines.map((line) => [line.currency_id, CODES[line.currency] ?? '']))

/** By currency and month, joined by a space; ten-thousandths of a US dollar. */
export const rates = new Map(rateLines.map((line) => [`${CODES[line.currency] ?? ''} ${line.date}`, line.rate]))

/** Ten-thousandths of US dollars, whole cents, half away from zero. */
export function inUsDollars(amount: bigint, currency: string, month: string): bigint {
  if (currency === 'USD') return amount
  const exact = amount * (rates.get(`${currency} ${month}`) ?? 0n)
  const size = exact < 0n ? -exact : exact
  const cents = (size + 500_000n) / 1_000_000n
  return (exact < 0n ? -cents : cents) * 100n
}

interface ExpenseLine {
  readonly store_id: number
  readonly account_id: number
  readonly exp_date: string
  readonly currency_id: number
}

export const expenses: readonly Expense[] = sourceLines('foodmart/expense_fact.ndjson.gz').map((line) => {
  const row = JSON.parse(line) as ExpenseLine
  const date = row.exp_date.slice(0, 10)
  const currency = codeOfCurrency.get(row.currency_id) ?? ''
  const amount = tenThousandths(line, 'amount')
  return {
    storeId: String(row.store_id),
    accountId: String(row.account_id),
    date,
    currency,
    amount,
    inUsDollars: inUsDollars(amount, currency, monthOf(date)),
  }
})

interface AccountLine {
  readonly account_id: number
  readonly account_parent: number | null
  readonly account_description: string
  readonly account_rollup: string
}

export const chart: readonly ChartAccount[] = foodmartTable<AccountLine>('account').map((row) => ({
  id: String(row.account_id),
  name: row.account_description,
  parentId: row.account_parent === null ? null : String(row.account_parent),
  rollup: row.account_rollup,
}))

const dayOfTime = new Map(
  foodmartTable<{ readonly time_id: number; readonly the_date: string }>('time_by_day').map((row) => [
    row.time_id,
    row.the_date.slice(0, 10),
  ]),
)
const categoryOfClass = new Map(
  foodmartTable<{ readonly product_class_id: number; readonly product_category: string }>('product_class').map(
    (row) => [row.product_class_id, row.product_category],
  ),
)
const categoryOfProduct = new Map(
  foodmartTable<{ readonly product_id: number; readonly product_class_id: number }>('product').map((row) => [
    row.product_id,
    categoryOfClass.get(row.product_class_id) ?? '',
  ]),
)

interface SaleLine {
  readonly product_id: number
  readonly time_id: number
  readonly store_id: number
}

export const sales: readonly Sale[] = sourceLines('foodmart/sales_fact_1997.ndjson.gz').map((line) => {
  const row = JSON.parse(line) as SaleLine
  const day = dayOfTime.get(row.time_id) ?? ''
  return {
    storeId: String(row.store_id),
    day,
    month: monthOf(day),
    category: categoryOfProduct.get(row.product_id) ?? '',
    revenue: tenThousandths(line, 'store_sales'),
    cost: tenThousandths(line, 'store_cost'),
  }
})

const COUNTRY_CURRENCIES: Readonly<Record<string, string>> = { USA: 'USD', Mexico: 'MXN', Canada: 'CAD' }

export const currencyOfStore = new Map(
  foodmartTable<{ readonly store_id: number; readonly store_country: string }>('store').map((row) => [
    String(row.store_id),
    COUNTRY_CURRENCIES[row.store_country] ?? '',
  ]),
)

export const storeIds: readonly string[] = [...currencyOfStore.keys()]

/** The months of the ledger, in order. */
export const months: readonly string[] = [...new Set(expenses.map(({ date }) => monthOf(date)))].sort()

/** Sums by a key, in the order in which keys first come. */
export function sums<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  amountOf: (item: Item) => bigint,
): Map<string, bigint> {
  const totals = new Map<string, bigint>()
  for (const item of items) totals.set(keyOf(item), (totals.get(keyOf(item)) ?? 0n) + amountOf(item))
  return totals
}
