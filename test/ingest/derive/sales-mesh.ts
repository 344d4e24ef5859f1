// A small mesh for the tests of folds: orders with lines, items that lines are joined with, and what is derived from them, in a chain. And what the
// derived tables must hold, computed from the input tables by code of its own.
import { startIngest, type Ingest, type IngestOptions } from '../../../ingest/main.ts'
import type { AppendRecord } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import type { FoldFunctions } from '../../../schema/fold/fold-function.ts'
import type { Product } from '../../../schema/model.ts'
import { cellText, type Row } from '../../../schema/row.ts'
import { productOf } from '../../schema/compile.ts'
import { visibleRows, type TestPorts } from '../open-ports.ts'

function header(name: string, version = '1.0.0'): string {
  return `extend schema @product(name: "${name}", domain: "tests", owner: "tests@example.com", version: "${version}")\n`
}

export const orders = productOf(`${header('orders')}
type Order @key(fields: "id")
  @source(topic: "tests.orders", key: "id", partitions: 2)
  @table(name: "orders", partitionKey: ["id"]) {
  id: ID!
  shop: String!
  placedAt: DateTime!
  lines: [OrderLine!]!
}
type OrderLine { item: ID!  amount: Decimal! }
type Query { order(id: ID!): Order @lookup }
`)

export const items = productOf(`${header('items')}
type Item @key(fields: "id")
  @source(topic: "tests.items", key: "id", partitions: 2)
  @table(name: "items", partitionKey: ["id"]) {
  id: ID!
  category: String!
}
type Query { item(id: ID!): Item @lookup }
`)

const READ_ORDERS = `
input OrderRead @reads(product: "tests/orders", entity: "Order") {
  id: ID!
  shop: String!
  placedAt: DateTime!
  lines: [LineRead!]!
}
input LineRead { item: ID!  amount: Decimal! }
`
const READ_ITEMS = `
input ItemRead @reads(product: "tests/items", entity: "Item") { id: ID!  category: String! }
`

/** Lines by shop and the category of their item. `where`: which lines count. */
export function totalsProduct({ where = 'double(line.amount) > 0.0', emit = '' } = {}): Product {
  return productOf(`${header('totals')}
${READ_ORDERS}
${READ_ITEMS}
type Total @key(fields: "shop category")
  @source(topic: "tests.totals", key: "shop", partitions: 2)
  @table(name: "totals", partitionKey: ["shop", "category"])
  @fold(input: "OrderRead", each: "lines", as: "line", where: "${where}", time: "placedAt")
  @join(input: "ItemRead", as: "item", key: ["line.item"])
  ${emit} {
  shop: String! @group(cel: "shop")
  category: String! @group(cel: "item.category")
  lines: BigInt! @aggregate(function: COUNT)
  amount: Decimal! @aggregate(function: SUM, cel: "line.amount")
  least: Decimal @aggregate(function: MIN, cel: "line.amount")
  most: Decimal @aggregate(function: MAX, cel: "line.amount")
  items: BigInt! @aggregate(function: COUNT_DISTINCT, cel: "line.item")
  lastAt: DateTime @aggregate(function: LAST, cel: "placedAt")
}
type Query { total(shop: String!, category: String!): Total @lookup }
`)
}

/** Made from what is derived, and by a function in code. */
export const categories = productOf(`${header('categories')}
input TotalRead @reads(product: "tests/totals", entity: "Total", key: ["shop", "category"]) {
  shop: String!
  category: String!
  amount: Decimal!
}
${READ_ORDERS}
type Category @key(fields: "category")
  @source(topic: "tests.categories", key: "category", partitions: 1)
  @table(name: "categories", partitionKey: ["category"])
  @fold(input: "TotalRead") {
  category: String! @group(cel: "category")
  shops: BigInt! @aggregate(function: COUNT)
  amount: Decimal! @aggregate(function: SUM, cel: "amount")
}
type ShopDay @key(fields: "shop day")
  @source(topic: "tests.shopdays", key: "shop", partitions: 2)
  @table(name: "shop_days", partitionKey: ["shop"], clusteringKey: ["day"])
  @fold(input: "OrderRead", time: "placedAt")
  @foldBy(function: "shopDays", ordered: true) {
  shop: String! @group(cel: "shop")
  day: String!
  orders: Int!
  ids: String!
}
type Query { category(category: String!): Category @lookup }
`)

interface DayState {
  readonly [day: string]: readonly string[]
}

/** Days of a shop with the ids of their orders, in order of event time. */
export const functions: Readonly<Record<string, FoldFunctions>> = {
  'tests/categories': {
    shopDays: {
      init: () => ({}),
      apply: (state, { value }) => {
        const days = state as DayState
        const day = cellText(value['placedAt']).slice(0, 10)
        return { ...days, [day]: [...(days[day] ?? []), cellText(value['id'])] }
      },
      emit: (state, group) =>
        Object.entries(state as DayState).map(([day, ids]) => ({
          shop: cellText(group['shop']),
          day,
          orders: ids.length,
          ids: ids.join(' '),
        })),
    },
  },
}

export const meshProducts: readonly Product[] = [orders, items, totalsProduct(), categories]

export async function startMesh(
  ports: Pick<TestPorts, 'log' | 'store' | 'clock'>,
  options: Partial<IngestOptions> = {},
): Promise<Ingest> {
  const { log, store, clock } = ports
  return startIngest({ products: meshProducts, functions, log, store, clock, sweep: false, ...options })
}

export interface OrderData {
  readonly id: string
  readonly shop: string
  readonly placedAt: string
  readonly lines: readonly { readonly item: string; readonly amount: string }[]
}

export function orderRecord(order: OrderData): AppendRecord {
  return { key: Buffer.from(order.id), value: Buffer.from(JSON.stringify(order)) }
}

export function itemRecord(item: { id: string; category: string }): AppendRecord {
  return { key: Buffer.from(item.id), value: Buffer.from(JSON.stringify(item)) }
}

export function removal(id: string): AppendRecord {
  return { key: Buffer.from(id), value: null }
}

/** What the derived tables must hold for what the input tables hold. Amounts are whole cents. */
export interface DerivedRows {
  readonly totals: readonly Row[]
  readonly categories: readonly Row[]
  readonly shop_days: readonly Row[]
}

export async function expectedRows(store: Store): Promise<DerivedRows> {
  const sold = (await visibleRows(store, 'orders')) as unknown as OrderData[]
  const categoryOf = new Map(
    (await visibleRows(store, 'items')).map((item) => [item['id'], cellText(item['category'])]),
  )
  const lines = sold.flatMap((order) =>
    order.lines.flatMap(({ item, amount }) => {
      const category = categoryOf.get(item)
      return category === undefined || Number(amount) <= 0 ? [] : [{ order, category, item, cents: cents(amount) }]
    }),
  )
  const totals = [...grouped(lines, ({ order, category }) => JSON.stringify([order.shop, category]))].map(
    ([key, of]) => {
      const [shop = '', category = ''] = JSON.parse(key) as string[]
      const amounts = of.map((line) => line.cents)
      return {
        shop,
        category,
        lines: String(of.length),
        amount: decimal(amounts.reduce((sum, each) => sum + each, 0)),
        least: decimal(Math.min(...amounts)),
        most: decimal(Math.max(...amounts)),
        items: String(new Set(of.map((line) => line.item)).size),
        lastAt:
          of
            .map((line) => line.order.placedAt)
            .toSorted()
            .at(-1) ?? '',
      }
    },
  )
  const categories = [...grouped(totals, ({ category }) => category)].map(([category, of]) => ({
    category,
    shops: String(of.length),
    amount: decimal(of.reduce((sum, { amount }) => sum + cents(amount), 0)),
  }))
  const days = [...grouped(sold, ({ shop, placedAt }) => JSON.stringify([shop, placedAt.slice(0, 10)]))]
  const shop_days = days.map(([key, of]) => {
    const [shop = '', day = ''] = JSON.parse(key) as string[]
    const ids = of.toSorted((left, right) => compare(left.placedAt, right.placedAt) || compare(left.id, right.id))
    return { shop, day, orders: of.length, ids: ids.map(({ id }) => id).join(' ') }
  })
  return { totals: sortedRows(totals), categories: sortedRows(categories), shop_days: sortedRows(shop_days) }
}

export async function derivedRows(store: Store): Promise<DerivedRows> {
  const [totals, categories, shop_days] = await Promise.all(
    ['totals', 'categories', 'shop_days'].map(async (table) => sortedRows(await visibleRows(store, table))),
  )
  return { totals: totals ?? [], categories: categories ?? [], shop_days: shop_days ?? [] }
}

function grouped<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const group = groups.get(keyOf(value))
    if (group === undefined) groups.set(keyOf(value), [value])
    else group.push(value)
  }
  return groups
}

export function sortedRows(rows: readonly Row[]): Row[] {
  const named = rows.map((row) => Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => compare(a, b))))
  return named.toSorted((left, right) => compare(JSON.stringify(left), JSON.stringify(right)))
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function cents(amount: string): number {
  return Math.round(Number(amount) * 100)
}

function decimal(amount: number): string {
  return String(amount / 100)
}

/** Every topic of it with one partition: who works by hand has one owner of each stage. */
export function onePartition(product: Product): Product {
  return {
    ...product,
    entities: product.entities.map((entity) =>
      entity.source === null ? entity : { ...entity, source: { ...entity.source, partitions: 1 } },
    ),
  }
}
