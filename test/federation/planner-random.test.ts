// Plans of random operations, executed naively, answer as the merged schema does: the planner alone, without the compiled executor.
import type { GraphQLSchema } from 'graphql'
import { expect, test } from 'vitest'
import { askMerged, comparable, mergedSchema } from './merged-mesh.ts'
import { createNaiveMesh, type NaiveMesh } from './naive-mesh.ts'
import { randomOperation, type ArgumentValues } from './random-operation.ts'
import { MERGED_RESOLVERS, MERGED_SDL, SHOP } from './shop.ts'
import { TRANSIT, TRANSIT_RESOLVERS, TRANSIT_SDL } from './transit.ts'

interface Compared {
  readonly mesh: NaiveMesh
  readonly merged: GraphQLSchema
  readonly argumentValues: ArgumentValues
}

const shop: Compared = {
  mesh: createNaiveMesh(SHOP),
  merged: mergedSchema(MERGED_SDL, MERGED_RESOLVERS),
  argumentValues: { 'user.id': ['"u1"', '"none"'], 'node.id': ['"u2"', '"d1"'], 'product.upc': ['"p1"', '"p3"'] },
}
const transit: Compared = {
  mesh: createNaiveMesh(TRANSIT),
  merged: mergedSchema(TRANSIT_SDL, TRANSIT_RESOLVERS),
  argumentValues: {
    'vehicle.id': ['"b1"', '"t1"', '"none"'],
    'park.id': ['"b1"', '"t1"'],
    'wash.id': ['"b1"', '"t1"'],
    'sell.code': ['1', '9'],
    'echo.input': ['{}', '{ text: null, at: [1, null] }'],
    'echo.flags': ['[[]]', 'true'],
    'echo.limit': ['2.5'],
  },
}

test.each([
  ['queries of the shop', shop, 'query', 200],
  ['queries of the transit mesh', transit, 'query', 200],
  ['mutations of the transit mesh', transit, 'mutation', 100],
] as const)('plans of random %s are right', async (_, { mesh, merged, argumentValues }, kind, operations) => {
  for (let seed = 10_000; seed < 10_000 + operations; seed++) {
    const { query, variables } = randomOperation(merged, seed, argumentValues, kind)
    const ours = comparable(await mesh.execute(query, variables))
    expect(ours, `seed ${seed}: ${query}`).toEqual(comparable(await askMerged(merged, query, variables)))
  }
})
