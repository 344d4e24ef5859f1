// The folds in code of the domain finance: exact whatever comes, goes and comes again, and what they decide of months, gaps and rates.
import { describe, expect, test } from 'vitest'
import type { Contribution, FoldFunction, FoldFunctions } from '../../schema/fold/fold-function.ts'
import type { Row } from '../../schema/row.ts'
import { folds as chartFolds } from '../../subgraphs/finance/accounting/folds.ts'
import { folds as planningFolds } from '../../subgraphs/finance/planning/folds.ts'
import { folds as statementFolds } from '../../subgraphs/finance/profit-and-loss/folds.ts'
import { folds as treasuryFolds } from '../../subgraphs/finance/treasury/folds.ts'
import { seededInteger } from '../seeded-random.ts'

function foldOf(folds: FoldFunctions, name: string): FoldFunction {
  const fold = folds[name]
  if (fold === undefined) throw new Error(`no fold ${name}`)
  return fold
}

const contributionOf = (input: string, value: Row, member = JSON.stringify(value)): Contribution => ({
  input,
  timeMs: null,
  member,
  value,
})

const GROUP: Row = { group: 'g' }

function rowsOf(fold: FoldFunction, contributions: readonly Contribution[]): readonly Row[] {
  let state = fold.init(GROUP)
  for (const contribution of contributions) state = fold.apply(state, contribution)
  return fold.emit(state, GROUP)
}

type Random = (below: number) => number

const moneyOf = (random: Random): string => `${random(9_000)}.${10 + random(89)}`
const dayOf = (random: Random): string => `1997-${String(1 + random(12)).padStart(2, '0')}-${10 + random(18)}`

const STEPS = {
  '3100': ['3100', '3000', '5000'],
  '3200': ['3200', '3000', '5000'],
  '4100': ['4100', '4000', '5000'],
  '4400': ['4400', '4000', '5000'],
} as const
const SIGNS: Readonly<Record<string, readonly number[]>> = { '3100': [1, 1, 1], '3200': [1, -1, -1] }

const pathTo = (accountId: keyof typeof STEPS): Row => ({
  steps: STEPS[accountId].map((step, index) => ({
    accountId: step,
    sign: (SIGNS[accountId] ?? [1, 1, -1])[index] ?? 1,
  })),
})

/** A contribution of the member to each fold; another value each time it is asked. */
const MADE: readonly (readonly [string, FoldFunction, (member: number, random: Random) => Contribution])[] = [
  [
    'the chart',
    foldOf(chartFolds, 'paths'),
    (member, random) =>
      contributionOf('ChartAccount', {
        id: String(member),
        parentId: random(4) === 0 ? null : String(random(30)),
        sign: random(3) - 1,
      }),
  ],
  [
    'the statement',
    foldOf(statementFolds, 'statement'),
    (member, random) =>
      member % 2 === 0
        ? contributionOf('StoreSpending', { path: pathTo(member % 4 === 0 ? '4100' : '4400'), amount: moneyOf(random) })
        : contributionOf('ResultOfStore', {
            sales: pathTo('3100'),
            goods: pathTo('3200'),
            revenue: moneyOf(random),
            cost: moneyOf(random),
          }),
  ],
  [
    'the cash position',
    foldOf(treasuryFolds, 'position'),
    (_, random) =>
      contributionOf('MovedCash', {
        currency: 'MXN',
        date: dayOf(random),
        inflow: moneyOf(random),
        outflow: moneyOf(random),
        rate: random(50) === 0 ? null : { rate: '0.12' },
      }),
  ],
  ...(['forecast', 'accuracy'] as const).map((name): (typeof MADE)[number] => [
    `the ${name}`,
    foldOf(planningFolds, name),
    (member, random) => {
      // A store has one result a month.
      const at = member % 14
      const month = `199${7 + Math.floor(at / 12)}-${String(1 + (at % 12)).padStart(2, '0')}`
      return contributionOf('MonthlyRevenue', {
        storeId: String(Math.floor(member / 14)),
        month: `${month}-01`,
        revenue: moneyOf(random),
        lastSoldOn: `${month}-${10 + random(18)}`,
      })
    },
  ]),
]

/** Rows in an order of their own. */
const inOrder = (rows: readonly Row[]): readonly string[] => rows.map((row) => JSON.stringify(row)).toSorted()

describe('what is corrected and taken back is as if it had never been', () => {
  for (const [name, fold, make] of MADE) {
    test.each([1, 2, 3])(`${name}, seed %i`, (seed) => {
      const random = seededInteger(seed)
      const present = new Map<number, Contribution>()
      let state = fold.init(GROUP)
      for (let step = 0; step < 400; step++) {
        const member = random(40)
        const before = present.get(member)
        if (before !== undefined) state = fold.retract?.(state, before) ?? state
        present.delete(member)
        if (random(3) === 0) continue
        const contribution = make(member, random)
        present.set(member, contribution)
        state = fold.apply(state, contribution)
        // The state is stored and read again.
        if (random(10) === 0) state = JSON.parse(JSON.stringify(state)) as typeof state
      }
      expect(inOrder(fold.emit(state, GROUP))).toEqual(inOrder(rowsOf(fold, [...present.values()])))
      for (const contribution of present.values()) state = fold.retract?.(state, contribution) ?? state
      expect(fold.emit(state, GROUP)).toEqual([])
    })
  }
})

test('a path ends at a root, at an account left out of its parent, and where accounts go in a circle', () => {
  const account = (id: string, parentId: string | null, sign: number): Contribution =>
    contributionOf('ChartAccount', { id, parentId, sign })
  const rows = rowsOf(foldOf(chartFolds, 'paths'), [
    account('1', null, 1),
    account('2', '1', -1),
    account('3', '2', -1),
    account('4', '3', 0),
    account('5', '6', 1),
    account('6', '5', 1),
  ])
  const paths = Object.fromEntries(rows.map((row) => [row['accountId'], JSON.stringify(row['steps'])]))
  expect(paths).toEqual({
    1: '[{"accountId":"1","sign":1}]',
    2: '[{"accountId":"2","sign":1},{"accountId":"1","sign":-1}]',
    3: '[{"accountId":"3","sign":1},{"accountId":"2","sign":-1},{"accountId":"1","sign":1}]',
    4: '[{"accountId":"4","sign":1}]',
    5: '[{"accountId":"5","sign":1},{"accountId":"6","sign":1}]',
    6: '[{"accountId":"6","sign":1},{"accountId":"5","sign":1}]',
  })
})

test('the balance runs over the days in order of time, and in US dollars only until a rate is missing', () => {
  const moved = (date: string, inflow: string, outflow: string, rate: string | null): Contribution =>
    contributionOf('MovedCash', { currency: 'CAD', date, inflow, outflow, rate: rate === null ? null : { rate } })
  const rows = rowsOf(foldOf(treasuryFolds, 'position'), [
    moved('1997-02-01', '0', '3.05', '0.7'),
    moved('1997-01-01', '10.05', '0', '0.7'),
    moved('1997-02-01', '1', '0', '0.7'),
    moved('1997-03-01', '1', '0', null),
    moved('1997-04-01', '1', '0', '0.5'),
  ])
  const found = rows.map((row) => [row['date'], row['balance'], row['netInUsDollars'], row['balanceInUsDollars']])
  expect(found).toEqual([
    // 7.035 and -2.135 are halves of a cent: away from zero.
    ['1997-01-01', '10.05', '7.04', '7.04'],
    ['1997-02-01', '8', '-1.44', '5.6'],
    ['1997-03-01', '9', null, null],
    ['1997-04-01', '10', '0.5', null],
  ])
})

/** Months of 1997 and after, from January on: what was sold, and the day of the last sale. */
function soldBy(storeId: string, months: readonly (readonly [at: number, revenue: number, lastDay: number])[]) {
  return months.map(([at, revenue, lastDay]) => {
    const month = `${1997 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`
    const lastSoldOn = `${month}-${String(lastDay).padStart(2, '0')}`
    return contributionOf('MonthlyRevenue', { storeId, month: `${month}-01`, revenue: String(revenue), lastSoldOn })
  })
}

const steady = (from: number, count: number): [number, number, number][] =>
  Array.from({ length: count }, (_, index) => [from + index, 100, 28])

const monthsFrom = (year: number, month: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => {
    const at = month - 1 + index
    return `${year + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}-01`
  })

const forecastMonths = (contributions: readonly Contribution[], seriesId = 'ALL'): readonly unknown[] =>
  rowsOf(foldOf(planningFolds, 'forecast'), contributions)
    .filter((row) => row['seriesId'] === seriesId)
    .map((row) => [row['month'], row['forecast'], row['actual']])

test('a series of less than nine months is not forecast', () => {
  expect(forecastMonths(soldBy('1', [...steady(0, 7), [7, 100, 31]]))).toEqual([])
  expect(forecastMonths(soldBy('1', [...steady(0, 8), [8, 100, 30]]))).toHaveLength(3 + 3)
})

test('the last month counts once the company sold in its last three days', () => {
  const running = forecastMonths([...soldBy('1', [...steady(0, 9), [9, 70, 12]]), ...soldBy('2', [[9, 5, 28]])])
  expect(running.at(-1)).toEqual(['1997-12-01', '100.00', null])
  const over = forecastMonths([...soldBy('1', [...steady(0, 9), [9, 70, 12]]), ...soldBy('2', [[9, 5, 29]])])
  expect(over.at(-4)).toEqual(['1997-10-01', '100.00', '75.00'])
  expect(over.at(-1)).toEqual(['1998-01-01', '95.00', null])
})

test('a month without sales is nothing sold, three of them end the series', () => {
  const found = forecastMonths(soldBy('1', [...steady(0, 8), ...steady(10, 2), ...steady(15, 9), [24, 100, 30]]))
  expect(found.filter((row) => (row as unknown[])[2] === '0.00')).toHaveLength(2)
  expect(found.map((row) => (row as unknown[])[0])).toEqual([...monthsFrom(1997, 7, 9), ...monthsFrom(1998, 10, 7)])
})
