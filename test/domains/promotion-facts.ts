// Facts of what promotions brought, computed from the sales lines and the promotions of the files.
import { expect } from 'vitest'
import { baskets } from './baskets.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { allNodes } from './all-pages.ts'
import { decimalText, sourceLines, tenThousandths } from './source-files.ts'

const DAY_MS = 86_400_000

interface SalesLine {
  readonly order: string
  readonly customer: string
  readonly store: string
  readonly promotion: string | null
  readonly day: string
  readonly units: bigint
  readonly amount: bigint
  readonly cost: bigint
}

interface PromotionRow {
  readonly id: string
  readonly name: string
  readonly media: readonly string[]
  readonly district: string
  readonly cost: bigint
  readonly start: string
  readonly end: string
}

const salesLines: readonly SalesLine[] = baskets().flatMap(({ id, customerId, storeId, day, lines }) =>
  lines.map(({ promotionId, quantity, amount, cost }) => ({
    order: id,
    customer: customerId,
    store: storeId,
    promotion: promotionId,
    day,
    units: BigInt(quantity),
    amount,
    cost,
  })),
)

const promotedLines = salesLines.filter(({ promotion }) => promotion !== null)

const promotions: readonly PromotionRow[] = sourceLines('foodmart/promotion.ndjson.gz')
  .map((line) => {
    const row = JSON.parse(line) as Readonly<Record<string, string>>
    return {
      id: String(row['promotion_id']),
      name: row['promotion_name'] ?? '',
      media: row['media_type']?.split(', ') ?? [],
      district: String(row['promotion_district_id']),
      cost: tenThousandths(line, 'cost'),
      start: row['start_date']?.slice(0, 10) ?? '',
      end: row['end_date']?.slice(0, 10) ?? '',
    }
  })
  .filter(({ id }) => id !== '0')

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)
const dayBefore = (day: string, days: number): string =>
  new Date(Date.parse(day) - days * DAY_MS).toISOString().slice(0, 10)
const quotient = (dividend: bigint, divisor: bigint): number | null =>
  divisor === 0n ? null : Number(dividend) / Number(divisor)

interface Response {
  readonly orders: number
  readonly revenue: bigint
  readonly margin: bigint
}

const responseOf = (lines: readonly SalesLine[]): Response => {
  const revenue = sum(lines.map(({ amount }) => amount))
  return {
    orders: new Set(lines.map(({ order }) => order)).size,
    revenue,
    margin: revenue - sum(lines.map(({ cost }) => cost)),
  }
}

interface CustomerPromotion {
  readonly promotionId: string
  readonly orders: number
  readonly units: string
  readonly revenue: string
  readonly margin: string
  readonly lastUsedAt: string
}

const promotionsOfCustomer = (lines: readonly SalesLine[]): CustomerPromotion[] =>
  [...Map.groupBy(lines, ({ promotion }) => promotion ?? '')]
    .map(([promotionId, used]) => ({ promotionId, used, response: responseOf(used) }))
    .sort(
      (one, other) =>
        Number(other.response.revenue - one.response.revenue) || byText(one.promotionId, other.promotionId),
    )
    .map(({ promotionId, used, response }) => ({
      promotionId,
      orders: response.orders,
      units: String(sum(used.map(({ units }) => units))),
      revenue: decimalText(response.revenue),
      margin: decimalText(response.margin),
      lastUsedAt: `${
        used
          .map(({ day }) => day)
          .sort()
          .at(-1) ?? ''
      }T00:00:00.000Z`,
    }))

const customersPromotions: FactRule = {
  title: 'the fifty customers who used most promotions see them, those that worked best first, to the cent',
  async check(mesh) {
    const groups = [...Map.groupBy(promotedLines, ({ customer }) => customer)]
      .map(([customer, lines]) => ({ customer, expected: promotionsOfCustomer(lines) }))
      .sort((one, other) => other.expected.length - one.expected.length || byText(one.customer, other.customer))
    expect(sum(groups.map(({ expected }) => BigInt(expected.length)))).toBe(5_295n)
    for (const { customer, expected } of groups.slice(0, 50)) {
      const found = await mesh.query<{ customer: { promotions: { nodes: CustomerPromotion[] } } }>(
        `{ customer(id: "${customer}") {
          promotions(first: 50) { nodes { promotionId orders units revenue margin lastUsedAt } }
        } }`,
      )
      expect(found.customer.promotions.nodes).toEqual(expected)
    }
  },
}

interface Lift {
  readonly during: bigint
  readonly daysDuring: bigint
  readonly before: bigint
  readonly daysBefore: bigint
}

/** Revenue by store and day, `store day`. */
const storeDays = new Map(
  [...Map.groupBy(salesLines, ({ store, day }) => `${store} ${day}`)].map(([key, lines]) => [
    key,
    sum(lines.map(({ amount }) => amount)),
  ]),
)

/** What a store sold on so many days up to the last one, and on how many of them it sold at all. */
function soldUntil(store: string, last: string, days: number): { readonly revenue: bigint; readonly selling: bigint } {
  const revenues = Array.from({ length: days }, (_, index) => storeDays.get(`${store} ${dayBefore(last, index)}`))
  const sold = revenues.filter((revenue) => revenue !== undefined)
  return { revenue: sum(sold), selling: BigInt(sold.length) }
}

function liftOf({ start, end }: PromotionRow, stores: readonly string[]): Lift {
  const days = (Date.parse(end) - Date.parse(start)) / DAY_MS + 1
  const during = stores.map((store) => soldUntil(store, end, days))
  const before = stores.map((store) => soldUntil(store, dayBefore(start, 1), 28))
  return {
    during: sum(during.map(({ revenue }) => revenue)),
    daysDuring: sum(during.map(({ selling }) => selling)),
    before: sum(before.map(({ revenue }) => revenue)),
    daysBefore: sum(before.map(({ selling }) => selling)),
  }
}

interface Result {
  readonly name: string
  readonly year: number
  readonly cost: string
  readonly customers: number
  readonly orders: string
  readonly revenue: string
  readonly margin: string
  readonly stores: number
  readonly revenueDuring: string
  readonly sellingDaysDuring: string
  readonly revenueBefore: string
  readonly sellingDaysBefore: string
  readonly lift: number | null
  readonly returnOnCost: number | null
}

const RESULT_FIELDS = `name year cost customers orders revenue margin stores revenueDuring sellingDaysDuring revenueBefore
  sellingDaysBefore lift returnOnCost`

const linesByPromotion = Map.groupBy(promotedLines, ({ promotion }) => promotion ?? '')

/** Null stays, other numbers count as equal where nine digits are. */
const rounded = (ratio: number | null): string | null => (ratio === null ? null : ratio.toPrecision(9))
const comparable = ({ lift, returnOnCost, ...rest }: Result): object => ({
  ...rest,
  lift: rounded(lift),
  returnOnCost: rounded(returnOnCost),
})

function resultOf(promotion: PromotionRow): Result {
  const lines = linesByPromotion.get(promotion.id) ?? []
  const stores = [...new Set(lines.map(({ store }) => store))]
  const { orders, revenue, margin } = responseOf(lines)
  const { during, daysDuring, before, daysBefore } = liftOf(promotion, stores)
  const ratio = quotient(during * daysBefore, before * daysDuring)
  return {
    name: promotion.name,
    year: Number(promotion.start.slice(0, 4)),
    cost: decimalText(promotion.cost),
    customers: new Set(lines.map(({ customer }) => customer)).size,
    orders: String(orders),
    revenue: decimalText(revenue),
    margin: decimalText(margin),
    stores: stores.length,
    revenueDuring: decimalText(during),
    sellingDaysDuring: String(daysDuring),
    revenueBefore: decimalText(before),
    sellingDaysBefore: String(daysBefore),
    lift: ratio === null ? null : ratio - 1,
    returnOnCost: quotient(margin - promotion.cost, promotion.cost),
  }
}

const results: FactRule = {
  title:
    'each of the 1,863 promotions has the response, lift and return on its cost that the sales lines come to, to the cent',
  async check(mesh) {
    const selection = `id result { ${RESULT_FIELDS} }`
    const nodes = await allNodes<{ id: string; result: Result | null }>(mesh, 'promotions', selection)
    const found = Object.fromEntries(nodes.map(({ id, result }) => [id, result === null ? null : comparable(result)]))
    expect(found).toEqual(Object.fromEntries(promotions.map((one) => [one.id, comparable(resultOf(one))])))
    const lifted = promotions.map((promotion) => resultOf(promotion).lift).filter((lift) => lift !== null)
    expect([lifted.length, lifted.filter((lift) => lift > 0).length]).toEqual([144, 98])
  },
}

async function topOf(mesh: AskedMesh, year: number): Promise<readonly string[]> {
  const { promotionResultsOf: page } = await mesh.query<{ promotionResultsOf: { nodes: { promotionId: string }[] } }>(
    `{ promotionResultsOf(year: ${year}, first: 10) { nodes { promotionId } } }`,
  )
  return page.nodes.map(({ promotionId }) => promotionId)
}

const topTen: FactRule = {
  title: 'the ten promotions of 1997 with most revenue come first',
  async check(mesh) {
    const ofYear = promotions.filter(({ start }) => start.startsWith('1997'))
    const revenues = ofYear.map(({ id }) => ({ id, revenue: responseOf(linesByPromotion.get(id) ?? []).revenue }))
    revenues.sort((one, other) => Number(other.revenue - one.revenue) || byText(one.id, other.id))
    expect(await topOf(mesh, 1997)).toEqual(revenues.slice(0, 10).map(({ id }) => id))
  },
}

const stores: FactRule = {
  title: 'a promotion is told by the stores where it was bought in, to the cent',
  async check(mesh) {
    for (const [id, lines] of [...linesByPromotion].slice(0, 20)) {
      const { promotion } = await mesh.query<{ promotion: { stores: { nodes: object[] } } }>(
        `{ promotion(id: "${id}") { stores { nodes { storeId orders revenue } } } }`,
      )
      const expected = [...Map.groupBy(lines, ({ store }) => store)].map(([storeId, sold]) => {
        const { orders, revenue } = responseOf(sold)
        return { storeId, orders, revenue: decimalText(revenue) }
      })
      expect(promotion.stores.nodes).toEqual(expected.sort((one, other) => byText(one.storeId, other.storeId)))
    }
  },
}

interface Campaign {
  readonly name: string
  readonly promotionCount: number
  readonly districts: number
  readonly mediaTypes: readonly string[]
  readonly startDate: string
  readonly endDate: string
  readonly cost: string
  readonly orders: string
  readonly revenue: string
  readonly margin: string
}

function campaignOf([name, ofName]: readonly [string, readonly PromotionRow[]]): Campaign {
  const responses = ofName.map(({ id }) => responseOf(linesByPromotion.get(id) ?? []))
  return {
    name,
    promotionCount: ofName.length,
    districts: new Set(ofName.map(({ district }) => district)).size,
    mediaTypes: [...new Set(ofName.flatMap(({ media }) => media))].sort(),
    startDate:
      ofName
        .map(({ start }) => start)
        .sort()
        .at(0) ?? '',
    endDate:
      ofName
        .map(({ end }) => end)
        .sort()
        .at(-1) ?? '',
    cost: decimalText(sum(ofName.map(({ cost }) => cost))),
    orders: String(responses.reduce((total, { orders }) => total + orders, 0)),
    revenue: decimalText(sum(responses.map(({ revenue }) => revenue))),
    margin: decimalText(sum(responses.map(({ margin }) => margin))),
  }
}

const campaigns: FactRule = {
  title: 'the fifty campaigns are the promotions of one name, with the sums of what they cost and brought',
  async check(mesh) {
    const fields = 'name promotionCount districts mediaTypes startDate endDate cost orders revenue margin'
    const found = await allNodes<Campaign>(mesh, 'campaigns', fields)
    const expected = [...Map.groupBy(promotions, ({ name }) => name)].map((one) => campaignOf(one))
    const byName = (one: Campaign, other: Campaign): number => byText(one.name, other.name)
    expect([expected.length, found.sort(byName)]).toEqual([50, expected.sort(byName)])
  },
}

export const promotionFacts: readonly FactRule[] = [customersPromotions, results, topTen, stores, campaigns]
