// A product about parcels, compiled from SDL, in the versions that the tests need.
import { expect } from 'vitest'
import { compileProduct } from '../../schema/compile-product.ts'
import type { Product } from '../../schema/model.ts'

export interface ProductParts {
  readonly version?: string
  readonly source?: string
  readonly tables?: string
  readonly fields?: string
  readonly types?: string
  readonly operations?: string
}

export const FIELDS = 'id: ID! city: String! grams: Int! state: State note: String lines: [Line!]!'
export const TYPES = 'enum State { OPEN SENT } type Line { article: ID! quantity: Int! remark: String }'
export const BASE = '@table(name: "parcels", partitionKey: ["id"])'
export const BY_CITY = '@table(name: "parcels_by_city", partitionKey: ["city"], clusteringKey: ["id"])'

export function productOf(parts: ProductParts = {}): Product {
  const { version = '1.0.0', source = '', tables = BASE, fields = FIELDS, types = TYPES, operations = '' } = parts
  const text = `
    extend schema @product(name: "parcels", domain: "shipping", owner: "s@example.com", version: "${version}", status: ACTIVE)
    type Parcel @key(fields: "id") @source(topic: "shipping.parcels", key: "id", partitions: 2 ${source}) ${tables} { ${fields} }
    ${types}
    type Query { parcel(id: ID!): Parcel @lookup ${operations} }`
  const { product, diagnostics } = compileProduct('product.graphql', text)
  expect(diagnostics.filter(({ severity }) => severity === 'ERROR')).toEqual([])
  if (product === null) throw new Error('The product compiles.')
  return product
}
