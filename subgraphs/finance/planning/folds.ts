// The folds of planning: what is forecast of each store's monthly revenue and of the company's, and how far off that was in the back-test.
// Revenue becomes a float here, since a forecast is an estimate; what is told is rounded to the cent.
import type { Contribution, FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'
import { cellText, type Row } from '../../../schema/row.ts'
import { monthAfter, seriesOfCompany, seriesOfStore, type Sales, type Series } from './monthly-series.ts'
import { forecastRevenue, type Forecasts } from './revenue-forecast.ts'

/** By store, then by month: what was sold, and when last. */
type StoresSales = Record<string, Record<string, { revenue: number; lastSoldOn: string }>>

interface ForecastSeries {
  readonly seriesId: string
  readonly series: Series
  readonly forecasts: Forecasts
}

const COMPANY_SERIES = 'ALL'

const money = (amount: number): string => amount.toFixed(2)

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1

function forecastAll(state: StoresSales): readonly ForecastSeries[] {
  // In an order that does not depend on what came first: floats add up to the same sum.
  const stores = Object.entries(state).toSorted(byName)
  const sales: Sales = new Map(stores.map(([store, months]) => [store, new Map(Object.entries(months))]))
  const named = [
    ...seriesOfCompany(sales).map((series) => ({ seriesId: COMPANY_SERIES, series })),
    ...[...sales.keys()].flatMap((seriesId) => seriesOfStore(sales, seriesId).map((series) => ({ seriesId, series }))),
  ]
  return named.flatMap(({ seriesId, series }) => {
    const forecasts = forecastRevenue(series.revenues)
    return forecasts === null ? [] : [{ seriesId, series, forecasts }]
  })
}

function forecastRows({ seriesId, series, forecasts }: ForecastSeries): readonly Row[] {
  return forecasts.months.map(({ at, horizon, forecast, interval }) => {
    const actual = series.revenues[at]
    return {
      seriesId,
      month: monthAfter(series.start, at),
      horizon,
      since: series.start,
      forecast: money(forecast),
      lower80: money(interval(80).lower),
      upper80: money(interval(80).upper),
      lower95: money(interval(95).lower),
      upper95: money(interval(95).upper),
      actual: actual === undefined ? null : money(actual),
      error: actual === undefined ? null : money(actual - forecast),
    }
  })
}

function accuracyRow({ seriesId, series, forecasts }: ForecastSeries): Row {
  const { accuracy } = forecasts
  return {
    seriesId,
    since: series.start,
    months: accuracy.months,
    backTested: accuracy.backTested,
    meanAbsoluteError: money(accuracy.meanAbsoluteError),
    meanAbsolutePercentageError: accuracy.meanAbsolutePercentageError,
    rootMeanSquareError: money(accuracy.rootMeanSquareError),
    naiveMeanAbsoluteError: money(accuracy.naiveMeanAbsoluteError),
  }
}

const placeOf = ({ value }: Contribution): readonly [store: string, month: string] => [
  cellText(value['storeId']),
  cellText(value['month']),
]

/** A store has one result a month: what it contributes is set, and taken away. */
function foldOfSales(emit: FoldFunction<StoresSales>['emit']): FoldFunction<StoresSales> {
  return {
    init: () => ({}),
    apply(state, contribution) {
      const [store, month] = placeOf(contribution)
      const { revenue, lastSoldOn } = contribution.value
      const months = (state[store] ??= {})
      months[month] = { revenue: Number(revenue), lastSoldOn: cellText(lastSoldOn) }
      return state
    },
    retract(state, contribution) {
      const [store, month] = placeOf(contribution)
      const months = state[store] ?? {}
      delete months[month]
      if (Object.keys(months).length === 0) delete state[store]
      return state
    },
    emit,
  }
}

export const folds: FoldFunctions = {
  forecast: foldOfSales((state) => forecastAll(state).flatMap(forecastRows)),
  accuracy: foldOfSales((state) => forecastAll(state).map(accuracyRow)),
}
