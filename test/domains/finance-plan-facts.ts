// Facts of cash and of budgets: what moved day by day, and what stands against what was planned.
import { expect } from 'vitest'
import type { FactRule } from './fact-rule.ts'
import { currencyOfStore, expenses, inUsDollars, monthOf, months, sales, storeIds, sums } from './finance-books.ts'
import { nodesOf, texts, unitsOf, YEARS } from './finance-nodes.ts'
import { decimalText } from './source-files.ts'

const expenseTotals = sums(
  expenses,
  ({ storeId, date, accountId }) => `${storeId} ${monthOf(date)} ${accountId}`,
  (expense) => expense.inUsDollars,
)

interface Position {
  readonly date: string
  readonly inflow: string
  readonly outflow: string
  readonly net: string
  readonly balance: string
  readonly balanceInUsDollars: string | null
}

/** Day by day, from nothing. */
function positionsIn(currency: string): readonly Position[] {
  const inflow = sums(
    sales.filter((sale) => currencyOfStore.get(sale.storeId) === currency),
    (sale) => `${sale.day} ${sale.storeId}`,
    (sale) => sale.revenue,
  )
  const outflow = sums(
    expenses.filter((expense) => expense.currency === currency),
    (expense) => `${expense.date} ${expense.storeId}`,
    (expense) => expense.amount,
  )
  const keys = [...new Set([...inflow.keys(), ...outflow.keys()])]
  const days = [...new Set(keys.map((key) => key.slice(0, 10)))].sort()
  let balance = 0n
  let dollars = 0n
  return days.map((date) => {
    const ofDay = keys.filter((key) => key.startsWith(date))
    const came = ofDay.reduce((sum, key) => sum + (inflow.get(key) ?? 0n), 0n)
    const went = ofDay.reduce((sum, key) => sum + (outflow.get(key) ?? 0n), 0n)
    balance += came - went
    for (const key of ofDay) {
      dollars += inUsDollars((inflow.get(key) ?? 0n) - (outflow.get(key) ?? 0n), currency, monthOf(date))
    }
    return {
      date,
      inflow: decimalText(came),
      outflow: decimalText(went),
      net: decimalText(came - went),
      balance: decimalText(balance),
      balanceInUsDollars: decimalText(dollars),
    }
  })
}

const theCash: FactRule = {
  title: 'the cash position of every day and currency is what came in until then less what went out',
  async check(mesh) {
    for (const currency of ['USD', 'MXN', 'CAD']) {
      const found = await nodesOf<Position>(
        mesh,
        'cashPositions',
        `currency: "${currency}", from: "1997-01-01", until: "1998-12-31"`,
        'date inflow outflow net balance balanceInUsDollars',
      )
      expect(found.toReversed()).toEqual(positionsIn(currency))
    }
  },
}

interface Variance {
  readonly budget: string
  readonly actual: string
  readonly deviation: string
}

const expenseBudgets: FactRule = {
  title: 'expenses stand against their budgets: the actual is that of the file, the deviation what lies between',
  async check(mesh) {
    const found = new Map<string, bigint>()
    for (const storeId of storeIds) {
      const rows = await nodesOf<Variance & { readonly month: string; readonly accountId: string }>(
        mesh,
        'expenseVariances',
        `storeId: "${storeId}", ${YEARS}`,
        'month accountId budget actual deviation',
      )
      const budgets = await nodesOf<{ month: string; accountId: string; currency: string; amount: string }>(
        mesh,
        'expenseBudgets',
        `storeId: "${storeId}", ${YEARS}`,
        'month accountId currency amount',
      )
      const planned = new Map(
        budgets.map(({ month, accountId, currency, amount }) => [
          `${month} ${accountId}`,
          decimalText(inUsDollars(unitsOf(amount), currency, month)),
        ]),
      )
      for (const { month, accountId, budget, actual, deviation } of rows) {
        expect([month, accountId, budget]).toEqual([month, accountId, planned.get(`${month} ${accountId}`)])
        expect(unitsOf(deviation)).toBe(unitsOf(actual) - unitsOf(budget))
        found.set(`${storeId} ${month} ${accountId}`, unitsOf(actual))
      }
    }
    expect(texts(found)).toEqual(texts(expenseTotals))
  },
}

const revenueBudgets: FactRule = {
  title:
    "a month's revenue stands against its budget by product category, and no budget is further from it than a generator may go",
  async check(mesh) {
    const actuals = sums(
      sales.filter((sale) => sale.storeId === '17' && sale.month === '1997-08-01'),
      (sale) => sale.category,
      (sale) => sale.revenue,
    )
    const rows = await nodesOf<Variance & { readonly category: string }>(
      mesh,
      'revenueVariances',
      'storeId: "17", month: "1997-08-01"',
      'category budget actual deviation',
    )
    expect(rows.map(({ category, actual }) => [category, actual])).toEqual(texts(actuals))
    for (const { budget, actual, deviation } of rows) {
      expect(unitsOf(deviation)).toBe(unitsOf(actual) - unitsOf(budget))
      // 15 %, and half a dollar of rounding.
      expect(Math.abs(Number(deviation))).toBeLessThanOrEqual(0.15 * Number(actual) + 0.5)
    }
  },
}

const theCompanysPlan: FactRule = {
  title: "the company's plan has the revenue and the expenses of every month beside their budgets",
  async check(mesh) {
    const rows = await nodesOf<Record<'month' | 'revenue' | 'expenses', string>>(
      mesh,
      'planResults',
      YEARS,
      'month revenue expenses',
    )
    const revenue = sums(
      sales,
      (sale) => sale.month,
      (sale) => sale.revenue,
    )
    const spent = sums(
      expenses,
      (expense) => monthOf(expense.date),
      (expense) => expense.inUsDollars,
    )
    expect(rows).toEqual(
      months.map((month) => ({
        month,
        revenue: decimalText(revenue.get(month) ?? 0n),
        expenses: decimalText(spent.get(month) ?? 0n),
      })),
    )
  },
}

export const planFacts: readonly FactRule[] = [theCash, expenseBudgets, revenueBudgets, theCompanysPlan]
