// Facts of what finance forecasts: the smoothing and its back-test computed again here, from the files, in the plainest way.
import { expect } from 'vitest'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { months, sales } from './finance-books.ts'

const monthsOf1997 = months.filter((month) => month < '1998')

/** Revenue of a store, or of all, by month of 1997. */
function seriesOf(storeId: string | null): readonly number[] {
  return monthsOf1997.map((month) => {
    const own = sales.filter((sale) => sale.month === month && (storeId === null || sale.storeId === storeId))
    return Number(own.reduce((sum, sale) => sum + sale.revenue, 0n)) / 10_000
  })
}

/** What is forecast after the months that are given: the mean of the first three, moved by a fifth of each later month's miss. */
function smoothed(known: readonly number[]): number {
  const [first = 0, second = 0, third = 0, ...later] = known
  return later.reduce((level, value) => level + 0.2 * (value - level), (first + second + third) / 3)
}

interface BackTest {
  /** Of months 7 to 12. */
  readonly forecasts: readonly number[]
  readonly mae: number
  readonly mape: number
  readonly rmse: number
  readonly naiveMae: number
}

/** Each month from the seventh on, forecast from those before it alone. */
function backTest(series: readonly number[]): BackTest {
  const origins = [6, 7, 8, 9, 10, 11]
  const forecasts = origins.map((origin) => smoothed(series.slice(0, origin)))
  const actuals = series.slice(6)
  const errors = actuals.map((actual, index) => actual - (forecasts[index] ?? 0))
  const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    forecasts,
    mae: average(errors.map(Math.abs)),
    mape: 100 * average(errors.map((error, index) => Math.abs(error) / (actuals[index] ?? 0))),
    rmse: Math.sqrt(average(errors.map((error) => error ** 2))),
    naiveMae: average(origins.map((origin) => Math.abs((series[origin] ?? 0) - (series[origin - 1] ?? 0)))),
  }
}

interface ForecastRow {
  readonly month: string
  readonly horizon: number
  readonly forecast: string
  readonly lower80: string
  readonly upper80: string
  readonly lower95: string
  readonly upper95: string
  readonly actual: string | null
  readonly accuracy: {
    readonly backTested: number
    readonly meanAbsoluteError: string
    readonly meanAbsolutePercentageError: number
    readonly rootMeanSquareError: string
    readonly naiveMeanAbsoluteError: string
  }
}

async function forecastsOf(mesh: AskedMesh, seriesId: string): Promise<readonly ForecastRow[]> {
  const { revenueForecasts } = await mesh.query<{ revenueForecasts: { nodes: readonly ForecastRow[] } }>(
    `query Forecasts($seriesId: ID!) { revenueForecasts(seriesId: $seriesId, from: "1997-01-01", until: "1999-01-01", first: 50) { nodes {
      month horizon forecast lower80 upper80 lower95 upper95 actual
      accuracy { backTested meanAbsoluteError meanAbsolutePercentageError rootMeanSquareError naiveMeanAbsoluteError }
    } } }`,
    { seriesId },
  )
  return revenueForecasts.nodes
}

/** Cents are rounded once on either side. */
const CENT = 0.011

function expectNear(found: string, expected: number): void {
  expect(Math.abs(Number(found) - expected), `${found} is not ${expected}`).toBeLessThan(CENT)
}

function expectForecasts(rows: readonly ForecastRow[], series: readonly number[]): void {
  const { forecasts, mae, mape, rmse, naiveMae } = backTest(series)
  expect(rows.map(({ month, horizon }) => [month, horizon])).toEqual([
    ...monthsOf1997.slice(6).map((month) => [month, 1]),
    ['1998-01-01', 1],
    ['1998-02-01', 2],
    ['1998-03-01', 3],
  ])
  const next = smoothed(series)
  for (const [index, row] of rows.entries()) {
    const forecast = forecasts[index] ?? next
    expectNear(row.forecast, forecast)
    // Quantiles of Student's t with six degrees of freedom, and the method's own widening.
    const spread = rmse * Math.sqrt(1 + (row.horizon - 1) * 0.04)
    expectNear(row.upper80, forecast + 1.44 * spread)
    expectNear(row.upper95, forecast + 2.447 * spread)
    expectNear(row.lower80, Math.max(0, forecast - 1.44 * spread))
    expectNear(row.lower95, Math.max(0, forecast - 2.447 * spread))
    const actual = series[index + 6]
    if (actual === undefined) expect(row.actual).toBeNull()
    else expectNear(row.actual ?? '', actual)
    expect(row.accuracy.backTested).toBe(6)
    expectNear(row.accuracy.meanAbsoluteError, mae)
    expectNear(row.accuracy.rootMeanSquareError, rmse)
    expectNear(row.accuracy.naiveMeanAbsoluteError, naiveMae)
    expect(row.accuracy.meanAbsolutePercentageError).toBeCloseTo(mape, 9)
  }
}

const ofCompany: FactRule = {
  title: "the company's forecast, its intervals and its back-test error are those of smoothing its monthly revenue",
  async check(mesh) {
    expectForecasts(await forecastsOf(mesh, 'ALL'), seriesOf(null))
  },
}

const ofStores: FactRule = {
  title: 'so are those of every store that sold in 1997',
  async check(mesh) {
    const stores = new Set(sales.map((sale) => sale.storeId))
    expect(stores.size).toBe(13)
    for (const storeId of stores) expectForecasts(await forecastsOf(mesh, storeId), seriesOf(storeId))
  },
}

export const forecastFacts: readonly FactRule[] = [ofCompany, ofStores]
