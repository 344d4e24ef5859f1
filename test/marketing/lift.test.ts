// The fold behind a promotion's lift: a store's days and promotions in whatever order they come, and go.
import { expect, test } from 'vitest'
import type { Contribution } from '../../schema/fold/fold-function.ts'
import type { Row } from '../../schema/row.ts'
import { folds } from '../../subgraphs/marketing/promotion-results/folds.ts'
import { seededRandom, shuffled } from '../seeded-random.ts'

const contribution = (input: string, member: string, value: Row): Contribution => ({
  input,
  timeMs: null,
  member,
  value,
})
const day = (date: string, revenue: string): Contribution =>
  contribution('StoreDayRevenue', date, { storeId: '2', day: date, revenue })
const promotion = (id: string, startDate: string, endDate: string): Contribution =>
  contribution('PromotionInStore', id, { storeId: '2', promotionId: id, promotion: { id, startDate, endDate } })

const GROUP: Row = { storeId: '2' }

function rowsOf(applied: readonly Contribution[], retracted: readonly Contribution[] = []): readonly Row[] {
  const { lift } = folds
  if (lift?.retract === undefined) throw new Error('no fold that retracts')
  let state = lift.init(GROUP)
  for (const one of applied) state = lift.apply(state, one)
  for (const one of retracted) state = lift.retract(state, one)
  return lift.emit(state, GROUP)
}

test('days count from the first to the last of the promotion, and from 28 days before it to the day before', () => {
  const days = ['1997-02-28', '1997-03-01', '1997-03-28', '1997-03-29', '1997-03-31', '1997-04-01'].map((date, index) =>
    day(date, `${10 ** index}.01`),
  )
  expect(rowsOf([promotion('112', '1997-03-29', '1997-03-31'), ...days])).toEqual([
    {
      storeId: '2',
      promotionId: '112',
      revenueDuring: '11000.02',
      sellingDaysDuring: 2,
      revenueBefore: '110.02',
      sellingDaysBefore: 2,
    },
  ])
})

test('a promotion without days has nothing, and days without a promotion have no row', () => {
  const nothing = { revenueDuring: '0', sellingDaysDuring: 0, revenueBefore: '0', sellingDaysBefore: 0 }
  expect(rowsOf([promotion('112', '1997-03-29', '1997-03-31')])).toEqual([
    { storeId: '2', promotionId: '112', ...nothing },
  ])
  expect(rowsOf([day('1997-03-29', '1.00')])).toEqual([])
})

test('what is taken back leaves no trace, in whatever order all came', () => {
  const random = seededRandom(7)
  const dates = Array.from({ length: 40 }, (_, index) =>
    new Date(Date.UTC(1997, 2, 1 + index)).toISOString().slice(0, 10),
  )
  const days = dates.map((date, index) => day(date, `${index}.25`))
  const promotions = [3, 9, 30].map((at) => promotion(String(at), dates[at] ?? '', dates[at + 4] ?? ''))
  for (let round = 0; round < 50; round++) {
    const all = shuffled([...days, ...promotions], random)
    const kept = all.slice(10)
    const byId = (rows: readonly Row[]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort()
    expect(byId(rowsOf(all, all.slice(0, 10)))).toEqual(byId(rowsOf(shuffled(kept, random))))
  }
})
