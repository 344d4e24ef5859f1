// The README says what is so: its product is one, and fits into the mesh beside the project's own.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { readProducts } from '../../cli/read-products.ts'
import { checkMesh } from '../../schema/check-mesh.ts'
import { compileProduct } from '../../schema/compile-product.ts'

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

test('the product in twenty lines compiles, and its references find their entities', async () => {
  const [, text = ''] = /```graphql\n([^]*?)```/.exec(await read('README.md')) ?? []
  const parcels = compileProduct('subgraphs/shipping/parcels/product.graphql', text)
  const { products } = await readProducts([])
  const mesh = parcels.product === null ? products : [parcels.product, ...products]
  expect([parcels.diagnostics, mesh.length, checkMesh(mesh)]).toEqual([[], products.length + 1, []])
})
