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

const problems = (...products: readonly Product[]) => checkMesh(products).map(formatDiagnostic)

describe('a mesh', () => {
  test('of the sample has nothing wrong with it', () => {
    const products = ['customers', 'catalog', 'sales'].map((domain) => {
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
    const text = `${header('orders', '@derivedFrom(products: ["sales/carts"], function: "close")')}${entity('Order', 'sales.orders', 'orders')}
type Customer @key(fields: "id", resolvable: false) { id: ID! }`
    expect(problems(compiled('a.graphql', text))).toEqual([
      'a.graphql:1:1 MESH_PRODUCT_UNKNOWN (warning) sales/orders is derived from "sales/carts", which the mesh does not have.\n  Add the product, or mend the name in @derivedFrom.',
      'a.graphql:4:6 MESH_ENTITY_UNOWNED (warning) No product of the mesh owns "Customer": what refers to it finds only its key.\n  Add the product that owns it, or mend the name.',
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
})
