// Random operations over two meshes, each answered by the gateway and by the merged schema.
import { parse, validate, type GraphQLSchema } from 'graphql'
import { expect, test } from 'vitest'
import type { Engine } from '../../gateway/engine-contract.ts'
import { askMerged, comparable, createMesh, mergedSchema } from './merged-mesh.ts'
import { randomOperation, type ArgumentValues } from './random-operation.ts'
import { MERGED_RESOLVERS, MERGED_SDL, SHOP } from './shop.ts'
import { TRANSIT, TRANSIT_RESOLVERS, TRANSIT_SDL } from './transit.ts'

interface Compared {
  readonly mesh: Engine
  readonly merged: GraphQLSchema
  readonly argumentValues: ArgumentValues
}

const shop: Compared = {
  mesh: createMesh(SHOP),
  merged: mergedSchema(MERGED_SDL, MERGED_RESOLVERS),
  argumentValues: {
    'user.id': ['"u1"', '"u3"', '"none"'],
    'node.id': ['"u2"', '"d1"'],
    'product.upc': ['"p1"', '"p3"'],
    'topProducts.first': ['1', '3'],
    'reviews.first': ['1', '2'],
    'name.upper': ['true', 'false'],
    'shipping.mode': ['"FAST"', '"SLOW"'],
  },
}
const transit: Compared = {
  mesh: createMesh(TRANSIT),
  merged: mergedSchema(TRANSIT_SDL, TRANSIT_RESOLVERS),
  argumentValues: {
    'vehicle.id': ['"b1"', '"t1"', '"none"'],
    'buses.first': ['1', '3'],
    'topRated.first': ['1', '5'],
    'stars.max': ['1', '2'],
    'name.lang': ['EN', 'DE'],
    'echo.input': ['{}', '{ text: null, at: [1, null] }', '{ deeper: { at: 3, deeper: { text: "x" } } }'],
    'echo.flags': ['[[true], null]', '[[]]', 'true'],
    'echo.limit': ['1', '2.5'],
    'park.id': ['"b1"', '"t1"', '"none"'],
    'wash.id': ['"b1"', '"b2"', '"t1"'],
    'sell.code': ['1', '7', '9'],
  },
}

const runs: readonly [string, Compared, 'query' | 'mutation', number][] = [
  ['queries of the shop', shop, 'query', 800],
  ['queries of the transit mesh', transit, 'query', 600],
  ['mutations of the transit mesh', transit, 'mutation', 300],
]
for (const [title, { mesh, merged, argumentValues }, kind, operations] of runs) {
  test(`answers ${operations} random ${title} like the merged schema`, async () => {
    for (let seed = 0; seed < operations; seed++) {
      const { query, variables } = randomOperation(merged, seed, argumentValues, kind)
      expect(validate(merged, parse(query)), `seed ${seed} is valid`).toEqual([])
      const ours = comparable(await mesh.execute({ query, variables }))
      const theirs = comparable(await askMerged(merged, query, variables))
      expect(ours, `seed ${seed}: ${query}`).toEqual(theirs)
    }
  })
}
