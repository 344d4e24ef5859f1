// Good products: the whole model of one that uses every power, and the decisions that a model holds.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { compileProduct } from '../../schema/compile-product.ts'
import { emitSubgraphSdl } from '../../schema/emit/emit-subgraph-sdl.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { formatDiagnostic } from '../../schema/format-diagnostic.ts'
import type { Product } from '../../schema/model.ts'
import { contractOf } from '../../schema/product-contract.ts'

const folder = fileURLToPath(new URL('good/', import.meta.url))

const header = 'extend schema @product(name: "orders", domain: "sales", owner: "sales@example.com", version: "1.0.0")\n'

interface OrderParts {
  readonly source?: string
  readonly tables?: string
  readonly fields?: string
  readonly rest?: string
}

const secondTable = '@table(name: "by_customer", partitionKey: ["customerId"], clusteringKey: ["id"])'

function orderSdl({ source = '', tables = '', fields = '', rest = '' }: OrderParts): string {
  return `${header}
type Order @key(fields: "id") @source(topic: "sales.orders", key: "id"${source})
  @table(name: "orders", partitionKey: ["id"]) ${tables} { id: ID! customerId: ID! ${fields} }
${rest}`
}

function compiled(text: string): Product {
  const { product, diagnostics } = compileProduct('product.graphql', text)
  if (product === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'))
  return product
}

const readsBase = (parts: OrderParts) => compiled(orderSdl(parts)).entities[0]?.readsBase

describe('a product', () => {
  test.each(['every-power', 'daily-sales'])(
    'that uses every power compiles to exactly this model, without a diagnostic: %s',
    async (name) => {
      const file = `${name}.graphql`
      const { product, diagnostics } = compileProduct(file, readFileSync(`${folder}${file}`, 'utf8'))
      expect(diagnostics.map(formatDiagnostic)).toEqual([])
      await expect(`${JSON.stringify(product, null, 2)}\n`).toMatchFileSnapshot(`${folder}${name}.model.expected.txt`)
    },
  )

  test('keeps what it reads to itself: it is in no graph, no table and no contract', () => {
    const product = compiled(readFileSync(`${folder}daily-sales.graphql`, 'utf8'))
    expect(product.reads.map(({ name }) => name)).toEqual(['OrderRead', 'ProductRead', 'StoreRead', 'VisitRead'])
    expect(product.readTypes.map(({ name }) => name)).toEqual(['OrderLineRead', 'DiscountRead'])
    const made = [emitSubgraphSdl(product), JSON.stringify(emitTables(product)), JSON.stringify(contractOf(product))]
    for (const text of made) expect(text).not.toMatch(/Read\b/)
  })

  test('compiles to the same model again', () => {
    const text = readFileSync(`${folder}every-power.graphql`, 'utf8')
    expect(JSON.stringify(compileProduct('a', text))).toBe(JSON.stringify(compileProduct('a', text)))
  })

  test.each(['customers/customers', 'catalog/products', 'sales/orders'])(
    'of the sample, %s, compiles without a diagnostic',
    (domain) => {
      const file = fileURLToPath(new URL(`../../subgraphs/${domain}/product.graphql`, import.meta.url))
      expect(compileProduct(file, readFileSync(file, 'utf8')).diagnostics).toEqual([])
    },
  )

  test('with warnings alone exists', () => {
    const { product, diagnostics } = compileProduct('p', orderSdl({ fields: 'name: String @personal(kind: NAME)' }))
    expect(product?.name).toBe('orders')
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      'p:4:88 SUBJECT_MISSING (warning) "Order" holds personal data ("Order.name") and no data subject.\n' +
        "  Add @subject to the field that holds the person's identity.",
    ])
  })

  test('may have a byte order mark, Windows line ends and comments', () => {
    const text = `\uFEFF# a comment\r\n${orderSdl({}).replaceAll('\n', '\r\n')}`
    expect(compiled(text).entities[0]?.location).toEqual({ file: 'product.graphql', line: 4, column: 6 })
  })
})

describe('ingest reads the base row', () => {
  const subscription = (on: string, filter = '') =>
    `type Subscription { changed${filter}: Order @changes(on: [${on}]) }`

  test.each<[string, boolean, OrderParts]>([
    ['never for one table alone', false, {}],
    ['for a further table, whose key may change', true, { tables: secondTable }],
    ['not where keys are promised never to change', false, { tables: secondTable, source: ', immutableKeys: true' }],
    [
      'for a further table of partial records, which may lack its key',
      true,
      { tables: secondTable, source: ', immutableKeys: true, partial: true' },
    ],
    ['to tell CREATED from UPDATED', true, { rest: subscription('CREATED') }],
    ['to tell UPDATED from CREATED', true, { rest: subscription('UPDATED, DELETED') }],
    ['not where both are wanted', false, { rest: subscription('CREATED, UPDATED') }],
    ['not where all are wanted', false, { rest: subscription('CREATED, UPDATED, DELETED') }],
    ['not where neither is wanted', false, { rest: subscription('DELETED') }],
    ['not to filter deletes by the key', false, { rest: subscription('DELETED', '(id: ID)') }],
    ['to filter deletes by another field', true, { rest: subscription('DELETED', '(customerId: ID)') }],
    ['not to filter whole records', false, { rest: subscription('CREATED, UPDATED', '(customerId: ID)') }],
    [
      'to filter partial records',
      true,
      { source: ', partial: true', rest: subscription('CREATED, UPDATED', '(customerId: ID)') },
    ],
  ])('%s', (_, expected, parts) => {
    expect(readsBase(parts)).toBe(expected)
  })
})

describe('records are re-keyed', () => {
  const rekeyed = (key: string, source: string) =>
    compiled(`${header}
type Reading @key(fields: "${key}") @source(topic: "sales.readings", key: "${source}")
  @table(name: "readings", partitionKey: ["${key.split(' ').join('","')}"]) { id: ID! at: DateTime! other: ID! }`)
      .entities[0]?.source?.rekeyed

  test.each([
    ['id', 'id', false],
    ['id', 'other', true],
    ['id at', 'id', false],
  ])('key %s, source key %s: %s', (key, source, expected) => {
    expect(rekeyed(key, source)).toBe(expected)
  })
})
