// Months of the company's sales as series without holes: which months are over, where a series begins and ends, and what each store sold in
// them. What happened decides, not the clock.

/** Revenue in cents' fractions as a number, and the last sale. */
export interface StoreMonth {
  readonly revenue: number
  /** A day of the month. */
  readonly lastSoldOn: string
}

/** By store, then by month, which its first day names. */
export type Sales = ReadonlyMap<string, ReadonlyMap<string, StoreMonth>>

export interface Series {
  /** The first of the months. */
  readonly start: string
  readonly revenues: readonly number[]
}

/** A month is over when the company sold in its last days, or later. */
const LAST_DAYS = 3
/** So many months without sales end a series. */
const GAP_MONTHS = 3

const indexOf = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1

/** The first day of the month that is so many after another. */
export function monthAfter(month: string, months: number): string {
  const index = indexOf(month) + months
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${String((index % 12) + 1).padStart(2, '0')}-01`
}

function isOver(month: string, lastSoldOn: string): boolean {
  const daysOfMonth = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 0)).getUTCDate()
  return Number(lastSoldOn.slice(8, 10)) > daysOfMonth - LAST_DAYS
}

/** The company's months with sales that are over, in order, apart where a gap ends a series. */
function runs(sales: Sales): readonly (readonly [first: string, last: string])[] {
  const lastSale = new Map<string, string>()
  for (const months of sales.values()) {
    for (const [month, { lastSoldOn }] of months) {
      if (lastSoldOn > (lastSale.get(month) ?? '')) lastSale.set(month, lastSoldOn)
    }
  }
  const found: [string, string][] = []
  const months = [...lastSale].sort(([one], [other]) => (one < other ? -1 : 1))
  for (const [at, [month, lastSoldOn]] of months.entries()) {
    if (at === months.length - 1 && !isOver(month, lastSoldOn)) break
    const run = found.at(-1)
    if (run === undefined || indexOf(month) - indexOf(run[1]) > GAP_MONTHS) found.push([month, month])
    else run[1] = month
  }
  return found
}

/** The series of a store, one per run: from its first sale to the run's end; months without sales are 0. */
export function seriesOfStore(sales: Sales, storeId: string): readonly Series[] {
  const months = sales.get(storeId) ?? new Map<string, StoreMonth>()
  return runs(sales).flatMap(([first, last]) => {
    const start = [...months.keys()].filter((month) => month >= first && month <= last).sort()[0]
    if (start === undefined) return []
    const length = indexOf(last) - indexOf(start) + 1
    const revenues = Array.from({ length }, (_, at) => months.get(monthAfter(start, at))?.revenue ?? 0)
    return [{ start, revenues }]
  })
}

/** The series of all stores together. */
export function seriesOfCompany(sales: Sales): readonly Series[] {
  return runs(sales).map(([start, last]) => {
    const length = indexOf(last) - indexOf(start) + 1
    const revenueOf = (month: string): number =>
      [...sales.values()].reduce((sum, months) => sum + (months.get(month)?.revenue ?? 0), 0)
    return { start, revenues: Array.from({ length }, (_, at) => revenueOf(monthAfter(start, at))) }
  })
}
