// Records of the finance domain's source entities: FoodMart's chart of accounts, categories, expenses and exchange rates, with stable keys.
// Currencies go by their ISO 4217 code, which the file does not have; money by the digits of the file.
import { digitsOf, foodmartRows, textOf, type FoodmartRow } from './foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

const ISO_CODES: Readonly<Record<string, string>> = { USD: 'USD', 'Mexican Peso': 'MXN', 'Canadian Dollar': 'CAD' }

function isoCodeOf(currency: string): string {
  const code = ISO_CODES[currency]
  if (code === undefined) throw new TypeError(`FoodMart: no ISO code is known of the currency ${currency}`)
  return code
}

/** `1997-01-05 00:00:00.0` → `1997-01-05`. */
const dateOf = (row: FoodmartRow, column: string): string => textOf(row, column).slice(0, 10)

export async function* accountRecords(): AsyncGenerator<SampleRecord> {
  for await (const row of foodmartRows('account')) {
    const id = digitsOf(row, 'account_id')
    const parent = row['account_parent'] === null ? null : digitsOf(row, 'account_parent')
    const value = {
      id,
      name: textOf(row, 'account_description'),
      type: textOf(row, 'account_type'),
      parentId: parent,
      rollup: textOf(row, 'account_rollup'),
    }
    yield { key: id, value }
  }
}

export async function* entryCategoryRecords(): AsyncGenerator<SampleRecord> {
  for await (const row of foodmartRows('category')) {
    const id = textOf(row, 'category_id')
    yield { key: id, value: { id, name: textOf(row, 'category_description') } }
  }
}

export interface Expense {
  readonly storeId: string
  readonly accountId: string
  readonly date: string
  readonly categoryId: string
  readonly currency: string
  readonly amount: string
}

export async function* expenses(): AsyncGenerator<Expense> {
  const currencies = new Map<string, string>()
  for await (const row of foodmartRows('currency')) {
    currencies.set(digitsOf(row, 'currency_id'), isoCodeOf(textOf(row, 'currency')))
  }
  for await (const row of foodmartRows('expense_fact')) {
    const currency = currencies.get(digitsOf(row, 'currency_id'))
    if (currency === undefined) throw new TypeError('FoodMart: an expense in a currency without rates')
    yield {
      storeId: digitsOf(row, 'store_id'),
      accountId: digitsOf(row, 'account_id'),
      date: dateOf(row, 'exp_date'),
      categoryId: textOf(row, 'category_id'),
      currency,
      amount: digitsOf(row, 'amount'),
    }
  }
}

/** Store, account, category and day name an expense of the file: none has two in different currencies. */
export async function* ledgerRecords(): AsyncGenerator<SampleRecord> {
  for await (const expense of expenses()) {
    const id = `${expense.storeId}-${expense.accountId}-${expense.categoryId}-${expense.date}`
    yield { key: id, value: { id, ...expense } }
  }
}

export async function* exchangeRateRecords(): AsyncGenerator<SampleRecord> {
  for await (const row of foodmartRows('currency')) {
    const name = textOf(row, 'currency')
    const currency = isoCodeOf(name)
    const month = textOf(row, 'date')
    const rate = digitsOf(row, 'conversion_ratio')
    yield { key: currency, value: { currency, month, name, rate } }
  }
}
