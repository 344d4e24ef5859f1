// A thousand random operations, each answered by the gateway and by the merged schema.
import { parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import { askMerged, comparable, createMesh, mergedSchema } from './merged-mesh.ts'
import { randomOperation } from './random-operation.ts'
import { MERGED_RESOLVERS, MERGED_SDL, SHOP } from './shop.ts'

const OPERATIONS = 1_000
const ARGUMENT_VALUES = {
  'user.id': ['"u1"', '"u3"', '"none"'],
  'node.id': ['"u2"', '"d1"'],
  'product.upc': ['"p1"', '"p3"'],
  'topProducts.first': ['1', '3'],
  'reviews.first': ['1', '2'],
  'name.upper': ['true', 'false'],
  'shipping.mode': ['"FAST"', '"SLOW"'],
}

test(`answers ${OPERATIONS} random operations like the merged schema`, async () => {
  const mesh = createMesh(SHOP)
  const merged = mergedSchema(MERGED_SDL, MERGED_RESOLVERS)
  for (let seed = 0; seed < OPERATIONS; seed++) {
    const { query, variables } = randomOperation(merged, seed, ARGUMENT_VALUES)
    expect(validate(merged, parse(query)), `seed ${seed} is valid`).toEqual([])
    const ours = comparable(await mesh.execute({ query, variables }))
    const theirs = comparable(await askMerged(merged, query, variables))
    expect(ours, `seed ${seed}: ${query}`).toEqual(theirs)
  }
})
