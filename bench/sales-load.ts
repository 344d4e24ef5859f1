// What the load benches have in common: the product that they load, and its records as a stream.
import { readFile } from 'node:fs/promises'
import { invariant } from '../platform/errors.ts'
import { compileProduct } from '../schema/compile-product.ts'
import type { Product } from '../schema/model.ts'
import type { SampleRecord } from '../samples/foodmart/foodmart-rows.ts'

export async function* stream(records: readonly SampleRecord[]): AsyncGenerator<SampleRecord> {
  yield* records
}

export async function salesProduct(): Promise<Product> {
  const file = new URL('../subgraphs/sales/product.graphql', import.meta.url)
  const { product } = compileProduct('subgraphs/sales/product.graphql', await readFile(file, 'utf8'))
  invariant(product !== null, 'the sales product compiles')
  return product
}
