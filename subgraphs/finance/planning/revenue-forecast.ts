// Simple exponential smoothing with a back-test of rolling origin, on a series of months. What it decides, and on which grounds, stands in
// the description of RevenueForecast. Pure: numbers in, numbers out.
import { studentT, type Coverage } from './student-t.ts'

/** How far a month moves the level towards itself. */
const SMOOTHING = 0.2
/** The level begins as the mean of so many months. */
const LEVEL_MONTHS = 3
/** A month is forecast from at least so many. */
const TRAINING_MONTHS = 6
/** Fewer errors are no ground for an interval. */
const ERRORS_MIN = 3
/** Months ahead. */
const HORIZON_MONTHS = 3

export interface Interval {
  readonly lower: number
  readonly upper: number
}

export interface MonthForecast {
  /** Place in the series; beyond its end: of a month that is not over. */
  readonly at: number
  readonly horizon: number
  readonly forecast: number
  readonly interval: (coverage: Coverage) => Interval
}

export interface Accuracy {
  readonly months: number
  readonly backTested: number
  readonly meanAbsoluteError: number
  /** Null where nothing was sold in any month that was forecast: there is nothing to be per cent of. */
  readonly meanAbsolutePercentageError: number | null
  readonly rootMeanSquareError: number
  readonly naiveMeanAbsoluteError: number
}

export interface Forecasts {
  readonly months: readonly MonthForecast[]
  readonly accuracy: Accuracy
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** The level after each month from the last of the first three on; its place is the month's. */
function levels(series: readonly number[]): readonly number[] {
  let level = mean(series.slice(0, LEVEL_MONTHS))
  return series.map((value, at) => {
    if (at >= LEVEL_MONTHS) level += SMOOTHING * (value - level)
    return level
  })
}

/** Null where the series is too short. */
export function forecastRevenue(series: readonly number[]): Forecasts | null {
  if (series.length < TRAINING_MONTHS + ERRORS_MIN) return null
  const smoothed = levels(series)
  const levelAfter = (at: number): number => smoothed[at] ?? 0
  const tested = series.map((actual, at) => ({ at, actual, forecast: levelAfter(at - 1) })).slice(TRAINING_MONTHS)
  const errors = tested.map(({ actual, forecast }) => actual - forecast)
  const spread = Math.sqrt(mean(errors.map((error) => error * error)))

  const month = (at: number, horizon: number, forecast: number): MonthForecast => ({
    at,
    horizon,
    forecast,
    interval: (coverage) => {
      const width = studentT(coverage, errors.length) * spread * Math.sqrt(1 + (horizon - 1) * SMOOTHING * SMOOTHING)
      // Nothing is sold for less than nothing.
      return { lower: Math.max(0, forecast - width), upper: forecast + width }
    },
  })
  const last = series.length - 1
  const ahead = Array.from({ length: HORIZON_MONTHS }, (_, index) =>
    month(last + index + 1, index + 1, levelAfter(last)),
  )
  const sold = tested.filter(({ actual }) => actual !== 0)
  return {
    months: [...tested.map(({ at, forecast }) => month(at, 1, forecast)), ...ahead],
    accuracy: {
      months: series.length,
      backTested: tested.length,
      meanAbsoluteError: mean(errors.map(Math.abs)),
      meanAbsolutePercentageError:
        sold.length === 0
          ? null
          : 100 * mean(sold.map(({ actual, forecast }) => Math.abs(actual - forecast) / Math.abs(actual))),
      rootMeanSquareError: spread,
      naiveMeanAbsoluteError: mean(tested.map(({ at, actual }) => Math.abs(actual - (series[at - 1] ?? 0)))),
    },
  }
}
