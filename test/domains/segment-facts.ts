// Facts of what customers are worth, computed from the sales lines of the file.
import { expect } from 'vitest'
import { allPages, type Connection } from './all-pages.ts'
import { baskets, type Basket } from './baskets.ts'
import type { FactRule } from './fact-rule.ts'
import { groupedBy, roundedShare, sumOf } from './money.ts'
import { decimalText } from './source-files.ts'

const MS_PER_DAY = 86_400_000
const BOOKS_END_MS = Date.UTC(1998, 0, 1)

interface SegmentRow {
  readonly customerId: string
  readonly lifetimeValue: string
  readonly orders: number
  readonly firstOrderAt: string
  readonly lastOrderAt: string
  readonly averageBasket: string
  readonly recencyDays: number
}

function segmentRow(customerId: string, own: readonly Basket[]): SegmentRow & { readonly segment: string } {
  const value = sumOf(own, ({ lines }) => sumOf(lines, ({ amount }) => amount))
  const days = own.map(({ day }) => day).toSorted()
  const [first = '', last = ''] = [days[0], days.at(-1)]
  const recencyDays = (BOOKS_END_MS - Date.parse(`${last}T00:00:00Z`)) / MS_PER_DAY
  return {
    customerId,
    lifetimeValue: decimalText(value),
    orders: own.length,
    firstOrderAt: `${first}T00:00:00.000Z`,
    lastOrderAt: `${last}T00:00:00.000Z`,
    averageBasket: decimalText(roundedShare(value, BigInt(own.length), 2)),
    recencyDays,
    segment: segmentOf(own.length, recencyDays),
  }
}

function segmentOf(orders: number, recencyDays: number): string {
  const within = (days: number): boolean => recencyDays <= days
  if (orders >= 6) return within(60) ? 'CHAMPION' : within(120) ? 'LOYAL' : 'AT_RISK'
  if (orders >= 2) return within(60) ? 'PROMISING' : within(180) ? 'OCCASIONAL' : 'LOST'
  return within(60) ? 'NEW' : 'LOST'
}

const SEGMENTS = ['CHAMPION', 'LOYAL', 'AT_RISK', 'PROMISING', 'OCCASIONAL', 'NEW', 'LOST']

const segments: FactRule = {
  title: 'the customers of every segment are those of the file, each with its value, the most valuable first',
  async check(mesh) {
    const expected = [...groupedBy(baskets(), ({ customerId }) => customerId)].map(([id, own]) => segmentRow(id, own))
    for (const segment of SEGMENTS) {
      const found = await allPages(async (after) => {
        const { page } = await mesh.query<{ page: Connection<SegmentRow> }>(
          `query ($segment: Segment!, $after: String) { page: customersOfSegment(segment: $segment, first: 100, after: $after) {
            nodes { customerId lifetimeValue orders firstOrderAt lastOrderAt averageBasket recencyDays segment }
            pageInfo { hasNextPage endCursor }
          } }`,
          { segment, after },
        )
        return page
      })
      const right = expected.filter((row) => row.segment === segment)
      const byCustomer = (a: SegmentRow, b: SegmentRow): number => Number(a.customerId) - Number(b.customerId)
      expect(found.toSorted(byCustomer)).toEqual(right.toSorted(byCustomer))
      const values = found.map(({ lifetimeValue }) => Number(lifetimeValue))
      expect(values).toEqual(values.toSorted((a, b) => b - a))
    }
  },
}

const notYetBought: FactRule = {
  title: 'a customer who bought nothing has no segment, one who did has the one of the file',
  async check(mesh) {
    const bought = new Set(baskets().map(({ customerId }) => customerId))
    const idle = Array.from({ length: 10_281 }, (_, index) => String(index + 1)).find((id) => !bought.has(id)) ?? ''
    const { none, some } = await mesh.query<Record<'none' | 'some', { segment: SegmentRow | null }>>(
      `query ($idle: ID!) {
        none: customer(id: $idle) { segment { customerId } }
        some: customer(id: "5219") { segment { lifetimeValue orders } }
      }`,
      { idle },
    )
    expect([none.segment, some.segment]).toEqual([null, { lifetimeValue: '212.76', orders: 8 }])
  },
}

export const segmentFacts: readonly FactRule[] = [segments, notYetBought]
