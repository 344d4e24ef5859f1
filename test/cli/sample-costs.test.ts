// The example queries of the sample cost what a budget by default allows, with room: the pages' sizes come from what our subgraphs say of them.
import { expect, test } from 'vitest'
import { readProducts } from '../../cli/read-products.ts'
import { sampleQueries } from '../../cli/sample-queries.ts'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import { createEngine } from '../../gateway/engine.ts'
import { limits } from '../../platform/limits.ts'
import { emitSubgraphSdl } from '../../schema/emit/emit-subgraph-sdl.ts'

const { products } = await readProducts([])
const composition = composeSupergraph(
  products.map((product) => ({ name: `${product.domain}-${product.name}`, sdl: emitSubgraphSdl(product) })),
)
const supergraphSdl = composition.kind === 'composed' ? composition.supergraphSdl : ''
const engine = createEngine({ supergraphSdl, endpoints: [], cost: { max: limits.operationCostMax, tell: true } })

test.each(sampleQueries)('$name costs less than a tenth of the budget', async ({ query, variables = {} }) => {
  const operation = await engine.prepare({ query, variables })
  const cost = 'prepared' in operation ? operation.cost : operation
  expect(cost).toBeGreaterThan(0)
  expect(cost).toBeLessThan(limits.operationCostMax / 10)
})

test('a page of our subgraphs costs what its `first` or `last` asks for', async () => {
  const cost = async (text: string): Promise<unknown> => {
    const operation = await engine.prepare({
      query: `query ($n: Int) { customers${text} { nodes { id } } }`,
      variables: { n: 7 },
    })
    return 'prepared' in operation ? operation.cost : operation
  }
  expect([await cost('(first: $n)'), await cost('(last: 30, after: null)')]).toEqual([8, expect.anything()])
})
