// What the load benches have in common: the product that they load, and its records as a stream.
import { readFile } from 'node:fs/promises'
import { invariant } from '../platform/errors.ts'
import { compileProduct } from '../schema/compile-product.ts'
import type { Product } from '../schema/model.ts'
import type { SampleRecord } from '../samples/sample-load.ts'

export async function* stream(records: readonly SampleRecord[]): AsyncGenerator<SampleRecord> {
  yield* records
}

/** The sales product, in another domain where one is named: its topics and groups are then its own. */
export async function salesProduct(domain = 'sales'): Promise<Product> {
  const file = new URL('../subgraphs/sales/orders/product.graphql', import.meta.url)
  const source = await readFile(file, 'utf8')
  const moved = source.replaceAll('"sales.', `"${domain}.`).replaceAll('"sales"', `"${domain}"`)
  const { product } = compileProduct('subgraphs/sales/orders/product.graphql', moved)
  invariant(product !== null, 'the sales product compiles')
  return product
}
