// The loads of the finance domain: FoodMart's books, and budgets that are generated around them.
import { expenseBudgetRecords, revenueBudgetRecords } from './foodmart/budget-records.ts'
import { accountRecords, entryCategoryRecords, exchangeRateRecords, ledgerRecords } from './foodmart/finance-records.ts'
import { foodmartFile } from './foodmart/foodmart-rows.ts'
import type { SampleLoad } from './sample-load.ts'

/** Its text decides what is generated. */
const budgetGenerator = new URL('./foodmart/budget-records.ts', import.meta.url)

export const financeLoads: readonly SampleLoad[] = [
  {
    product: 'finance/accounting',
    topic: 'finance.accounts',
    name: 'foodmart-accounts',
    files: [foodmartFile('account')],
    records: accountRecords,
    expected: 11,
  },
  {
    product: 'finance/accounting',
    topic: 'finance.entry-categories',
    name: 'foodmart-entry-categories',
    files: [foodmartFile('category')],
    records: entryCategoryRecords,
    expected: 4,
  },
  {
    product: 'finance/accounting',
    topic: 'finance.ledger',
    name: 'foodmart-ledger',
    files: [foodmartFile('expense_fact'), foodmartFile('currency')],
    records: ledgerRecords,
    expected: 2_400,
  },
  {
    product: 'finance/treasury',
    topic: 'finance.exchange-rates',
    name: 'foodmart-exchange-rates',
    files: [foodmartFile('currency')],
    records: exchangeRateRecords,
    expected: 72,
  },
  {
    product: 'finance/planning',
    topic: 'finance.expense-budgets',
    name: 'generated-expense-budgets',
    files: [foodmartFile('expense_fact'), foodmartFile('currency'), budgetGenerator],
    records: expenseBudgetRecords,
    expected: 2_400,
  },
  {
    product: 'finance/planning',
    topic: 'finance.revenue-budgets',
    name: 'generated-revenue-budgets',
    files: [
      ...['sales_fact_1997', 'time_by_day', 'product', 'product_class'].map((name) => foodmartFile(name)),
      budgetGenerator,
    ],
    records: revenueBudgetRecords,
    expected: 6_432,
  },
]
