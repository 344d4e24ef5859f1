// The README says what is so: its product is one, and fits into the mesh beside the project's own.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { readProducts } from '../../cli/read-products.ts'
import { checkMesh } from '../../schema/check-mesh.ts'
import { compileProduct } from '../../schema/compile-product.ts'

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

test('the products shown compile, and what they refer to and read is there', async () => {
  const texts = [...(await read('README.md')).matchAll(/```graphql\n([^]*?)```/g)].map(([, text = '']) => text)
  expect(texts).toHaveLength(2)
  const shown = texts.map((text, index) => compileProduct(`subgraphs/shipping/shown-${index}/product.graphql`, text))
  expect(shown.flatMap(({ diagnostics }) => diagnostics)).toEqual([])
  const { products } = await readProducts([])
  const mesh = [...shown.flatMap(({ product }) => (product === null ? [] : [product])), ...products]
  expect([mesh.length, checkMesh(mesh)]).toEqual([products.length + 2, []])
})
