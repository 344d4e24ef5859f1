// Facts of the domain finance: the books, and profit and loss.
import { expect } from 'vitest'
import type { FactRule } from './fact-rule.ts'
import { chart, expenses, monthOf, months, rates, sales, sums } from './finance-books.ts'
import { forecastFacts } from './finance-forecast-facts.ts'
import { liveFacts } from './finance-live-facts.ts'
import { byKey, nodesOf, texts, YEARS } from './finance-nodes.ts'
import { planFacts } from './finance-plan-facts.ts'
import { decimalText } from './source-files.ts'

const theChart: FactRule = {
  title: 'the chart of accounts is the tree of the file',
  async check(mesh) {
    interface Node {
      readonly id: string
      readonly name: string
      readonly rollup: string
      readonly parent: { readonly id: string } | null
      readonly children: { readonly nodes: readonly { readonly id: string }[] }
    }
    const nodes = await nodesOf<Node>(mesh, 'accounts', '', 'id name rollup parent { id } children { nodes { id } }')
    const byId = (one: { readonly id: string }, other: { readonly id: string }): number => (one.id < other.id ? -1 : 1)
    // A list by an index has the order of the store: on Cassandra that of tokens.
    const found = nodes.map((node) => ({ ...node, children: { nodes: node.children.nodes.toSorted(byId) } }))
    expect(found.toSorted(byId)).toEqual(
      chart.toSorted(byId).map(({ id, name, rollup, parentId }) => ({
        id,
        name,
        rollup,
        parent: parentId === null ? null : { id: parentId },
        children: {
          nodes: chart
            .filter((account) => account.parentId === id)
            .map((account) => ({ id: account.id }))
            .toSorted(byId),
        },
      })),
    )
  },
}

const theLedger: FactRule = {
  title: 'the ledger has the 2,400 expenses of the file, each on its account, store, day and currency',
  async check(mesh) {
    interface Node {
      readonly storeId: string
      readonly accountId: string
      readonly date: string
      readonly currency: string
      readonly amount: string
    }
    const accounts = [...new Set(expenses.map(({ accountId }) => accountId))]
    const found = await Promise.all(
      accounts.map((account) =>
        nodesOf<Node>(
          mesh,
          'ledgerOfAccount',
          `accountId: "${account}", ${YEARS}`,
          'storeId accountId date currency amount',
        ),
      ),
    )
    const line = (entry: Omit<Node, 'amount'>, amount: string): string =>
      `${entry.storeId} ${entry.accountId} ${entry.date} ${entry.currency} ${amount}`
    expect(
      found
        .flat()
        .map((entry) => line(entry, entry.amount))
        .sort(),
    ).toEqual(expenses.map((expense) => line(expense, decimalText(expense.amount))).sort())
    expect(found.flat()).toHaveLength(2_400)
  },
}

const theRates: FactRule = {
  title: 'the exchange rates are the 72 of the file',
  async check(mesh) {
    const found = new Map<string, string>()
    for (const currency of ['USD', 'MXN', 'CAD']) {
      const nodes = await nodesOf<{ readonly month: string; readonly rate: string }>(
        mesh,
        'exchangeRates',
        `currency: "${currency}"`,
        'month rate',
      )
      for (const { month, rate } of nodes) found.set(`${currency} ${month}`, rate)
    }
    expect([...found].sort(byKey)).toEqual(texts(rates))
    expect(found.size).toBe(72)
  },
}

const ofCategory: FactRule = {
  title: 'revenue and cost of every store, month and product category of 1997 are those of the lines sold',
  async check(mesh) {
    const keyOf = (sale: (typeof sales)[number]): string => `${sale.storeId} ${sale.month} ${sale.category}`
    const revenue = sums(sales, keyOf, (sale) => sale.revenue)
    const cost = sums(sales, keyOf, (sale) => sale.cost)
    const found: string[] = []
    for (const storeId of new Set(sales.map((sale) => sale.storeId))) {
      for (const month of months.filter((each) => each < '1998')) {
        const nodes = await nodesOf<Record<'category' | 'revenue' | 'cost' | 'grossProfit', string>>(
          mesh,
          'grossProfits',
          `storeId: "${storeId}", month: "${month}"`,
          'category revenue cost grossProfit',
        )
        found.push(
          ...nodes.map((row) => `${storeId} ${month} ${row.category} ${row.revenue} ${row.cost} ${row.grossProfit}`),
        )
      }
    }
    const expected = [...revenue].map(([key, amount]) => {
      const spent = cost.get(key) ?? 0n
      return `${key} ${decimalText(amount)} ${decimalText(spent)} ${decimalText(amount - spent)}`
    })
    expect(found.sort()).toEqual(expected.sort())
  },
}

interface Result {
  readonly revenue: string
  readonly cost: string
  readonly grossProfit: string
  readonly expenses: string
  readonly operatingResult: string
}

const RESULT = 'revenue cost grossProfit expenses operatingResult'

function resultOf(revenue: bigint, cost: bigint, spent: bigint): Result {
  return {
    revenue: decimalText(revenue),
    cost: decimalText(cost),
    grossProfit: decimalText(revenue - cost),
    expenses: decimalText(spent),
    operatingResult: decimalText(revenue - cost - spent),
  }
}

/** Results by the key that sales and expenses have in common. */
function results(
  saleKey: (sale: (typeof sales)[number]) => string,
  expenseKey: (expense: (typeof expenses)[number]) => string,
): ReadonlyMap<string, Result> {
  const revenue = sums(sales, saleKey, (sale) => sale.revenue)
  const cost = sums(sales, saleKey, (sale) => sale.cost)
  const spent = sums(expenses, expenseKey, (expense) => expense.inUsDollars)
  const keys = new Set([...revenue.keys(), ...spent.keys()])
  return new Map(
    [...keys].map((key) => [key, resultOf(revenue.get(key) ?? 0n, cost.get(key) ?? 0n, spent.get(key) ?? 0n)]),
  )
}

const ofStores: FactRule = {
  title: 'profit and loss of every store and month, to the cent, is what sales and expenses come to',
  async check(mesh) {
    const found = new Map<string, Result>()
    for (const month of months) {
      const nodes = await nodesOf<Result & { readonly storeId: string }>(
        mesh,
        'profitAndLossOfStores',
        `month: "${month}"`,
        `storeId ${RESULT}`,
      )
      for (const { storeId, ...result } of nodes) found.set(`${storeId} ${month}`, result)
    }
    const expected = results(
      (sale) => `${sale.storeId} ${sale.month}`,
      (expense) => `${expense.storeId} ${monthOf(expense.date)}`,
    )
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  },
}

const ofCompany: FactRule = {
  title: 'profit and loss of the company in any month is what all its stores come to',
  async check(mesh) {
    const nodes = await nodesOf<Result & { readonly month: string }>(
      mesh,
      'profitAndLossOfCompany',
      YEARS,
      `month ${RESULT}`,
    )
    const expected = results(
      (sale) => sale.month,
      (expense) => monthOf(expense.date),
    )
    expect(nodes).toEqual(months.map((month) => ({ month, ...expected.get(month) })))
  },
}

/** The sum of what is on the account itself and, each with its sign, of its children. */
function totalOf(accountId: string, own: ReadonlyMap<string, bigint>): bigint {
  const children = chart.filter((account) => account.parentId === accountId && account.rollup !== '~')
  return children.reduce(
    (sum, child) => sum + (child.rollup === '-' ? -1n : 1n) * totalOf(child.id, own),
    own.get(accountId) ?? 0n,
  )
}

const theStatement: FactRule = {
  title: "an account's total in the income statement is the sum of its descendants', each with its sign",
  async check(mesh) {
    for (const [storeId, month] of [
      ['13', '1997-03-01'],
      ['24', '1997-12-01'],
      ['0', '1997-07-01'],
      ['1', '1998-02-01'],
      ['19', '1998-11-01'],
    ] as const) {
      const { profitAndLoss } = await mesh.query<{
        profitAndLoss: {
          statement: { nodes: readonly { readonly account: { readonly id: string }; readonly total: string }[] }
        }
      }>(`{ profitAndLoss(storeId: "${storeId}", month: "${month}") { statement { nodes { account { id } total } } } }`)
      const found = profitAndLoss.statement.nodes.map(({ account, total }) => [account.id, total])
      const own = new Map(
        expenses
          .filter((expense) => expense.storeId === storeId && monthOf(expense.date) === month)
          .map((expense) => [expense.accountId, expense.inUsDollars]),
      )
      const sold = sales.filter((sale) => sale.storeId === storeId && sale.month === month)
      if (sold.length > 0) {
        own.set(
          '3100',
          sold.reduce((sum, sale) => sum + sale.revenue, 0n),
        )
        own.set(
          '3200',
          sold.reduce((sum, sale) => sum + sale.cost, 0n),
        )
      }
      const below = sold.length > 0 ? ['3000', '3100', '3200'] : []
      const accounts = [...below, '4000', '4100', '4200', '4300', '4400', '5000']
      expect(found).toEqual(accounts.map((id) => [id, decimalText(totalOf(id, own))]))
    }
  },
}

/** Of the accounts alone. */
export const accountingFacts: readonly FactRule[] = [theChart, theLedger]

export const financeFacts: readonly FactRule[] = [
  ...accountingFacts,
  theRates,
  ofCategory,
  ofStores,
  ofCompany,
  theStatement,
  ...planFacts,
  ...forecastFacts,
  ...liveFacts,
]
