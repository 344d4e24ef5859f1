// The fold of marketing/promotion-results: a store's days and promotions, and of each promotion what the days during it and before it come to.
import { addDecimals, decimalOf, decimalToText, DecimalValue } from '../../../schema/cel/decimal.ts'
import type { FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'
import { cellText, type Row } from '../../../schema/row.ts'

/** How many days before the promotion are compared with. */
const DAYS_BEFORE = 28
const DAY_MS = 86_400_000

interface Dates {
  readonly startDate: string
  readonly endDate: string
}

/** Of a store. */
type State = {
  /** Revenue by day. */
  readonly days: Record<string, string>
  readonly promotions: Record<string, { readonly startDate: string; readonly endDate: string }>
}

const textOf = (row: Row, field: string): string => cellText(row[field] ?? '')
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** What a store sold from the one day to the other, both counted. */
function sold(
  { days }: State,
  from: string,
  until: string,
): { readonly revenue: string; readonly sellingDays: number } {
  const revenues = Object.entries(days).flatMap(([day, revenue]) => (day >= from && day <= until ? [revenue] : []))
  const sum = revenues.reduce((total, revenue) => addDecimals(total, decimalOf(revenue)), new DecimalValue(0, 0))
  return { revenue: decimalToText(sum), sellingDays: revenues.length }
}

function liftRow(state: State, storeId: string, [promotionId, { startDate, endDate }]: readonly [string, Dates]): Row {
  const startMs = Date.parse(startDate)
  const during = sold(state, startDate, endDate)
  const before = sold(state, dateOf(startMs - DAYS_BEFORE * DAY_MS), dateOf(startMs - DAY_MS))
  return {
    storeId,
    promotionId,
    revenueDuring: during.revenue,
    sellingDaysDuring: during.sellingDays,
    revenueBefore: before.revenue,
    sellingDaysBefore: before.sellingDays,
  }
}

const lift: FoldFunction<State> = {
  init: () => ({ days: {}, promotions: {} }),
  apply(state, { input, value }) {
    if (input === 'StoreDayRevenue') {
      state.days[textOf(value, 'day')] = textOf(value, 'revenue')
      return state
    }
    const promotion = value['promotion'] as Row
    const dates = { startDate: textOf(promotion, 'startDate'), endDate: textOf(promotion, 'endDate') }
    state.promotions[textOf(value, 'promotionId')] = dates
    return state
  },
  retract(state, { input, value }) {
    if (input === 'StoreDayRevenue') delete state.days[textOf(value, 'day')]
    else delete state.promotions[textOf(value, 'promotionId')]
    return state
  },
  emit: (state, group) =>
    Object.entries(state.promotions).map((promotion) => liftRow(state, textOf(group, 'storeId'), promotion)),
}

export const folds: FoldFunctions = { lift }
