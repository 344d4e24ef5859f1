// Judges a sensor's readings in the order of their times: each by the median of the 24 before it and their median distance from it.
// Rows are the anomalies of the window's second day; the first day's readings are only what the second day's are judged by.
import type { FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'
import type { Row } from '../../../schema/row.ts'

const TRAILING_READINGS = 24
const SCORE_MAX = 6
/** Makes the median distance of normally distributed values their standard deviation. */
const SPREAD_PER_MEDIAN_DISTANCE = 1.4826
/** Of the expected value: a sensor that stood still has no spread of its own. */
const SPREAD_MIN_SHARE = 0.01
/** Where the expected value is zero. */
const SPREAD_MIN = 1e-6
const DAY_MS = 86_400_000

type Judging = {
  /** Begin of the window's second day. */
  readonly judgedFromMs: number
  /** Values of the last readings, the oldest first. */
  readonly trailing: number[]
  readonly found: Row[]
}

const anomalies: FoldFunction<Judging> = {
  init({ judgedFrom }) {
    const windowStartMs = typeof judgedFrom === 'string' ? Date.parse(judgedFrom) : Number.NaN
    return { judgedFromMs: windowStartMs + DAY_MS, trailing: [], found: [] }
  },

  apply(state, { value, timeMs }) {
    const { judgedFromMs, trailing, found } = state
    const actual = Number(value['value'])
    if (trailing.length === TRAILING_READINGS) {
      const anomaly = timeMs === null || timeMs < judgedFromMs ? null : judge(actual, trailing)
      if (anomaly !== null && timeMs !== null) found.push({ at: new Date(timeMs).toISOString(), ...anomaly })
      trailing.shift()
    }
    trailing.push(actual)
    return state
  },

  emit: ({ found }, group) => found.map((anomaly) => ({ ...group, ...anomaly })),
}

function judge(actual: number, trailing: readonly number[]): Row | null {
  const expected = median(trailing)
  const distance = median(trailing.map((value) => Math.abs(value - expected)))
  const spread = Math.max(SPREAD_PER_MEDIAN_DISTANCE * distance, SPREAD_MIN_SHARE * Math.abs(expected), SPREAD_MIN)
  const score = (actual - expected) / spread
  return Math.abs(score) <= SCORE_MAX ? null : { actual, expected, spread, score }
}

/** Of an even number of values, which it leaves in their order. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length / 2
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

export const folds: FoldFunctions = { anomalies }
