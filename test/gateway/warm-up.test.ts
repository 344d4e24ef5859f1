// A new supergraph begins with the operations that the old one was asked last.
import pino from 'pino'
import { expect, test, vi } from 'vitest'
import { createEngine, type WarmEngine } from '../../gateway/engine.ts'
import { startGateway } from '../../gateway/main.ts'
import { createPlanner, type Planner } from '../../gateway/plan/planner.ts'
import { readSupergraph } from '../../gateway/supergraph/read-supergraph.ts'
import { limits } from '../../platform/limits.ts'
import { composeMesh, localEndpoint } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'

const supergraphSdl = composeMesh(SHOP)
const endpoints = SHOP.map((subgraph) => localEndpoint(subgraph))

function countingEngine() {
  const counts = { planned: 0 }
  const inner = createPlanner(readSupergraph(supergraphSdl), supergraphSdl)
  const planner: Planner = { ...inner, plan: (...given) => (counts.planned++, inner.plan(...given)) }
  return { engine: createEngine({ supergraphSdl, endpoints, planner }), counts }
}

const CONDITIONAL = 'query ($y: Boolean!) { me { id name @include(if: $y) } }'

test('what was asked of one engine is planned by another before it is asked, the latest first', async () => {
  const old = countingEngine().engine
  await old.execute({ query: '{ me { id } }' })
  await old.execute({ query: CONDITIONAL, variables: { y: true } })
  await old.execute({ query: 'query A { me { name } } query B { users { id } }', operationName: 'B' })
  const recent = old.recentOperations()
  expect(recent.map(({ operationName, variables }) => [operationName, variables])).toEqual([
    ['B', {}],
    [undefined, { y: true }],
    [undefined, {}],
  ])
  const { engine, counts } = countingEngine()
  await engine.warmUp([{ query: '{ gone }', operationName: undefined, variables: {}, requirementsMet: [] }, ...recent])
  expect(counts.planned).toBe(3)
  await engine.execute({ query: '{ me { id } }' })
  await engine.execute({ query: CONDITIONAL, variables: { y: true } })
  expect(counts.planned).toBe(3)
  await engine.execute({ query: CONDITIONAL, variables: { y: false } })
  expect(counts.planned).toBe(4)
})

test('no more are planned than are bounded, and none once the engine closes', async () => {
  const { engine, counts } = countingEngine()
  const fields = Array.from({ length: limits.plansWarmedMax + 1 }, (_, index) => `{ n${index}: me { id } }`)
  for (const query of fields) await engine.prepare({ query })
  const recent = engine.recentOperations()
  expect([recent.length, recent[0]?.query]).toEqual([limits.plansWarmedMax, fields.at(-1)])
  const next = countingEngine()
  const warming = next.engine.warmUp(recent)
  await next.engine.close('done')
  await warming
  expect([counts.planned, next.counts.planned]).toEqual([limits.plansWarmedMax + 1, 0])
})

test('a gateway whose supergraph is replaced plans what the old one was asked', async () => {
  const gateway = await startGateway({ mesh: { supergraphSdl, endpoints }, port: 0, logger: pino({ level: 'silent' }) })
  await gateway.engine().execute({ query: '{ me { id } }' })
  await gateway.replaceSupergraph({ supergraphSdl, endpoints })
  const recent = (): readonly object[] => (gateway.engine() as WarmEngine).recentOperations()
  await vi.waitFor(() =>
    expect(recent()).toEqual([
      { query: '{ me { id } }', operationName: undefined, variables: {}, requirementsMet: [] },
    ]),
  )
  await gateway.close()
})
