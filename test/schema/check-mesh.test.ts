// What must hold between products.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { checkMesh } from '../../schema/check-mesh.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import { formatDiagnostic } from '../../schema/format-diagnostic.ts'
import type { Product } from '../../schema/model.ts'

function compiled(file: string, text: string): Product {
  const { product, diagnostics } = compileProduct(file, text)
  if (product === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'))
  return product
}

const header = (name: string, rest = '') =>
  `extend schema @product(name: "${name}", domain: "sales", owner: "a@example.com", version: "1.0.0") ${rest}\n`

const entity = (type: string, topic: string, table: string, key = 'ID') =>
  `type ${type} @key(fields: "id") @source(topic: "${topic}", key: "id") @table(name: "${table}", partitionKey: ["id"]) { id: ${key}! }\n`

/** Counts the rows of `Thing` of another product. */
const derived = (type: string, product: string, fields = 'id: ID!') => {
  const name = type.toLowerCase()
  return `input ThingRead @reads(product: "${product}", entity: "Thing") { ${fields} }
type ${type} @key(fields: "id") @source(topic: "sales.${name}s", key: "id") @table(name: "${name}s", partitionKey: ["id"])
  @fold(input: "ThingRead") { id: ID! @group(cel: "id") count: Int! @aggregate(function: COUNT) }\n`
}

const problems = (...products: readonly Product[]) => checkMesh(products).map(formatDiagnostic)

describe('a mesh', () => {
  test('of the sample has nothing wrong with it', () => {
    const products = ['customers/customers', 'catalog/products', 'sales/orders'].map((domain) => {
      const file = fileURLToPath(new URL(`../../subgraphs/${domain}/product.graphql`, import.meta.url))
      return compiled(file, readFileSync(file, 'utf8'))
    })
    expect(checkMesh(products)).toEqual([])
  })

  test('has each product, entity, table and topic once', () => {
    const first = compiled('a.graphql', header('orders') + entity('Order', 'sales.orders', 'orders'))
    const second = compiled('b.graphql', header('orders') + entity('Order', 'sales.orders', 'orders'))
    expect(problems(first, second)).toEqual([
      'b.graphql:1:1 MESH_DUPLICATE The product "sales/orders" is sales/orders\'s already (a.graphql:1).\n  Rename it in sales/orders.',
      'b.graphql:2:6 MESH_DUPLICATE The entity "Order" is sales/orders\'s already (a.graphql:2).\n  Rename it in sales/orders.',
      'b.graphql:2:6 MESH_DUPLICATE The topic "sales.orders" is sales/orders\'s already (a.graphql:2).\n  Rename it in sales/orders.',
      'b.graphql:2:73 MESH_DUPLICATE The table "orders" is sales/orders\'s already (a.graphql:2).\n  Rename it in sales/orders.',
    ])
  })

  test('warns of an entity that nobody owns, and of a product that is not there', () => {
    const text = `${header('orders')}${derived('Order', 'sales/carts')}
type Customer @key(fields: "id", resolvable: false) { id: ID! }`
    expect(problems(compiled('a.graphql', text))).toEqual([
      'a.graphql:2:7 MESH_PRODUCT_UNKNOWN (warning) sales/orders reads "sales/carts", which the mesh does not have.\n  Add the product, or mend the name in @reads.',
      'a.graphql:6:6 MESH_ENTITY_UNOWNED (warning) No product of the mesh owns "Customer": what refers to it finds only its key.\n  Add the product that owns it, or mend the name.',
    ])
  })

  test("refuses a key that is not the owner's, at the entity and at every reference", () => {
    const owner = compiled('b.graphql', header('customers') + entity('Customer', 'sales.customers', 'customers', 'Int'))
    const text = `${header('orders')}
type Order @key(fields: "id") @source(topic: "sales.orders", key: "id") @table(name: "orders", partitionKey: ["id"]) {
  id: ID!
  customerId: ID!
  customer: Customer! @ref(key: "customerId")
}
type Customer @key(fields: "id", resolvable: false) { id: ID! }`
    const message =
      'MESH_KEY_MISMATCH "Customer" has the key (id: ID) here and (id: Int) at its owner (b.graphql:2).\n  Declare the key as the owner does: id: Int.'
    expect(problems(compiled('a.graphql', text), owner)).toEqual([
      `a.graphql:6:3 ${message}`,
      `a.graphql:8:6 ${message}`,
    ])
  })

  const withTypes = (name: string, type: string, types: string) =>
    compiled(
      `${name}.graphql`,
      `${header(name)}type ${type} @key(fields: "id") @source(topic: "sales.${name}", key: "id") @table(name: "${name}", partitionKey: ["id"]) { id: ID! place: Place }\n${types}`,
    )

  test.each([
    ['type Place { x: Float! }', 'type Place { x: Float }', null],
    ['enum Place { X }', 'enum Place { X Y }', null],
    ['type Place { x: Float }', 'type Place { x: Float y: Float }', 'The value type "Place" has "y" here and not in'],
    [
      'type Place { x: Float y: Float }',
      'type Place { x: Float }',
      'The value type "Place" lacks "y" here and has it in',
    ],
    [
      'type Place { x: [Float] }',
      'type Place { x: Decimal }',
      'The value type "Place" has "x" of type Decimal here and [Float] in',
    ],
    ['enum Place { X }', 'type Place { x: Float }', '"Place" is a value type here and an enum in'],
  ])('of %s beside %s', (first, second, difference) => {
    const found = checkMesh([withTypes('a', 'A', first), withTypes('b', 'B', second)])
    expect(found.map(({ code, message, location }) => `${location.file}:${location.line} ${code} ${message}`)).toEqual(
      difference === null ? [] : [`b.graphql:3 MESH_TYPE_MISMATCH ${difference} sales/a (a.graphql:3).`],
    )
  })

  test('has each root field and each page of a foreign entity once, unless it is shareable', () => {
    const serving = (name: string, type: string, shared = '') =>
      compiled(
        `${name}.graphql`,
        `${header(name)}${entity(type, `sales.${name}`, name)}
type Shop @key(fields: "id") { id: ID! all(first: Int, after: String): ${type}Connection! @page(table: "${name}", key: ["id"]) ${shared} }
type Query { thing(id: ID!): ${type} @lookup ${shared} }
type Subscription { changed: ${type} @changes ${shared} }`,
      )
    const owner = compiled('shops.graphql', header('shops') + entity('Shop', 'sales.shops', 'shops'))
    expect(problems(owner, serving('a', 'A', '@shareable'), serving('b', 'B', '@shareable'))).toEqual([])
    expect(problems(owner, serving('a', 'A'), serving('b', 'B')).map((text) => text.split('\n')[0])).toEqual([
      'b.graphql:4:40 MESH_DUPLICATE The field "Shop.all" is sales/a\'s already (a.graphql:4).',
      'b.graphql:5:14 MESH_DUPLICATE The field "Query.thing" is sales/a\'s already (a.graphql:5).',
      'b.graphql:6:21 MESH_DUPLICATE The field "Subscription.changed" is sales/a\'s already (a.graphql:6).',
    ])
  })
})
