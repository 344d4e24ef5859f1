// No answer holds more objects than its operation was estimated to cost: random operations over two meshes whose lists are no longer than what
// the estimate assumes. Fragments, aliases, abstract types, @skip and @include included.
import type { GraphQLSchema } from 'graphql'
import { expect, test } from 'vitest'
import type { Engine } from '../../gateway/engine-contract.ts'
import { createMesh, mergedSchema } from './merged-mesh.ts'
import { randomOperation, type ArgumentValues } from './random-operation.ts'
import { MERGED_RESOLVERS, MERGED_SDL, SHOP } from './shop.ts'
import { TRANSIT, TRANSIT_RESOLVERS, TRANSIT_SDL } from './transit.ts'

const OPERATIONS = 300
/** More than any list of the two meshes has. */
const LIST_SIZE = 10

interface Mesh {
  readonly engine: Engine
  readonly merged: GraphQLSchema
  readonly argumentValues: ArgumentValues
}

const cost = { max: 0, tell: true, listSize: LIST_SIZE }
const shop: Mesh = {
  engine: createMesh(SHOP, { cost }),
  merged: mergedSchema(MERGED_SDL, MERGED_RESOLVERS),
  argumentValues: { 'user.id': ['"u1"', '"u3"'], 'node.id': ['"u2"', '"d1"'], 'product.upc': ['"p1"', '"p3"'] },
}
const transit: Mesh = {
  engine: createMesh(TRANSIT, { cost }),
  merged: mergedSchema(TRANSIT_SDL, TRANSIT_RESOLVERS),
  argumentValues: {
    'vehicle.id': ['"b1"', '"t1"'],
    'echo.input': ['{}', '{ deeper: { at: 3, deeper: { text: "x" } } }'],
    'park.id': ['"b1"', '"t1"'],
    'wash.id': ['"b1"', '"b2"', '"t1"'],
    'sell.code': ['1', '7', '9'],
    'echo.flags': ['[[true], null]', '[[]]', 'true'],
    'echo.limit': ['1', '2.5'],
    'name.lang': ['EN', 'DE'],
  },
}

function countObjects(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.entries(value).filter(([key]) => key !== '__schema')
  return inner.reduce((sum, [, each]) => sum + countObjects(each), Array.isArray(value) ? 0 : 1)
}

test.each([
  ['shop', shop, 'query'],
  ['transit mesh', transit, 'query'],
  ['transit mesh', transit, 'mutation'],
] as const)('no answer of the %s holds more objects than were estimated (%#)', async (_name, mesh, kind) => {
  let met = 0
  for (let seed = 0; seed < OPERATIONS; seed++) {
    const { query, variables } = randomOperation(mesh.merged, seed, mesh.argumentValues, kind)
    const { data, extensions = {} } = await mesh.engine.execute({ query, variables })
    // The root itself is nobody's field.
    const objects = countObjects(data ?? {}) - 1
    const { estimated } = extensions['cost'] as { estimated: number }
    expect(estimated, `seed ${seed}: ${query}`).toBeGreaterThanOrEqual(objects)
    if (objects > 1) met++
  }
  expect(met).toBeGreaterThan(OPERATIONS / 4)
})
