// Budgets of finance/planning, generated: FoodMart's expenses are all of the category ACTUAL. Each is an actual of the file times a factor
// from a fixed seed, in whole units of its currency; an actual of nothing has a budget of nothing.
import { expenses } from './finance-records.ts'
import { digitsOf, foodmartRows, textOf } from './foodmart-rows.ts'
import { seededInteger } from '../seeded-random.ts'
import type { SampleRecord } from '../sample-load.ts'

const EXPENSE_SEED = 1_997
const REVENUE_SEED = 1_998
/** Factors are thousandths between 1,000 - spread and 1,000 + spread. */
const EXPENSE_SPREAD = 100
const REVENUE_SPREAD = 150

/** FoodMart's money has four decimals: `2.8500` → 28500n. */
function tenThousandthsOf(digits: string): bigint {
  const [whole = '0', fraction = ''] = digits.split('.')
  return BigInt(whole + fraction.padEnd(4, '0'))
}

/** The actual (ten-thousandths) times the factor, rounded half up to whole units. */
const budgetOf = (actual: bigint, factorThousandths: number): string =>
  String((actual * BigInt(factorThousandths) + 5_000_000n) / 10_000_000n)

function factors(seed: number, spread: number): () => number {
  const random = seededInteger(seed)
  return () => 1_000 - spread + random(2 * spread + 1)
}

const monthOf = (date: string): string => `${date.slice(0, 7)}-01`

/** One for each of the file's expenses of a store, an account and a month, in the order of the file. */
export async function* expenseBudgetRecords(): AsyncGenerator<SampleRecord> {
  const factor = factors(EXPENSE_SEED, EXPENSE_SPREAD)
  for await (const { storeId, accountId, date, currency, amount } of expenses()) {
    const month = monthOf(date)
    const value = { month, storeId, accountId, currency, amount: budgetOf(tenThousandthsOf(amount), factor()) }
    yield { key: storeId, value }
  }
}

async function columnById(table: string, id: string, read: (row: Parameters<typeof textOf>[0]) => string) {
  const found = new Map<string, string>()
  for await (const row of foodmartRows(table)) found.set(digitsOf(row, id), read(row))
  return found
}

/** Revenue of 1997 in ten-thousandths by month, store and product category, which the key joins with line ends. */
async function revenues(): Promise<ReadonlyMap<string, bigint>> {
  const categories = await columnById('product_class', 'product_class_id', (row) => textOf(row, 'product_category'))
  const classes = await columnById('product', 'product_id', (row) => digitsOf(row, 'product_class_id'))
  const months = await columnById('time_by_day', 'time_id', (row) => monthOf(textOf(row, 'the_date')))
  const totals = new Map<string, bigint>()
  for await (const row of foodmartRows('sales_fact_1997')) {
    const category = categories.get(classes.get(digitsOf(row, 'product_id')) ?? '')?.trim()
    const month = months.get(digitsOf(row, 'time_id'))
    if (category === undefined || month === undefined) throw new TypeError('FoodMart: a sale without article or day')
    const key = [month, digitsOf(row, 'store_id'), category].join('\n')
    totals.set(key, (totals.get(key) ?? 0n) + tenThousandthsOf(digitsOf(row, 'store_sales')))
  }
  return totals
}

/** One for each month, store and product category that sold, in the order of their texts. */
export async function* revenueBudgetRecords(): AsyncGenerator<SampleRecord> {
  const factor = factors(REVENUE_SEED, REVENUE_SPREAD)
  const totals = [...(await revenues())].sort(([one], [other]) => (one < other ? -1 : 1))
  for (const [key, actual] of totals) {
    const [month = '', storeId = '', category = ''] = key.split('\n')
    yield { key: storeId, value: { month, storeId, category, amount: budgetOf(actual, factor()) } }
  }
}
