// What is planned once, what in a thread of its own, and how many may wait for it.
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../gateway/engine.ts'
import { isReady, type EngineRequest, type EngineResult } from '../../gateway/engine-contract.ts'
import { createPlanner, type Planner } from '../../gateway/plan/planner.ts'
import { readSupergraph } from '../../gateway/supergraph/read-supergraph.ts'
import { limits } from '../../platform/limits.ts'
import { composeMesh, localEndpoint, type TestSubgraph } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'

const supergraphSdl = composeMesh(SHOP)

/** An engine that counts what its planner is asked. */
function countingEngine() {
  const counts = { validated: 0, planned: 0 }
  const inner = createPlanner(readSupergraph(supergraphSdl), supergraphSdl)
  const planner: Planner = {
    validate: (...given) => (counts.validated++, inner.validate(...given)),
    read: (...given) => (counts.validated++, inner.read(...given)),
    plan: (...given) => (counts.planned++, inner.plan(...given)),
  }
  const endpoints = SHOP.map((subgraph) => localEndpoint(subgraph))
  const engine = createEngine({ supergraphSdl, endpoints, planner })
  return { engine, counts }
}

/** Beyond what is planned in the thread of the requests. */
function large(number: number): string {
  const fields = Array.from({ length: limits.planInThreadSelectionsMax }, () => 'id').join(' ')
  return `query Large${number} { me { ${fields} name } }`
}

function codesOf(result: EngineResult | object): unknown[] {
  return ('errors' in result ? result.errors : [])?.map(({ extensions }) => extensions?.['code']) ?? []
}

describe('a plan', () => {
  test('is made once for copies of a document that differ in layout, and errors are located in the copy that was sent', async () => {
    const { engine, counts } = countingEngine()
    await engine.execute({ query: '{ users { flaky } }' })
    const result = await engine.execute({ query: '# a comment\n{\n  users {\n    flaky\n  }\n}' })
    expect(counts).toEqual({ validated: 1, planned: 1 })
    expect(result.errors?.[0]?.locations).toEqual([{ line: 4, column: 5 }])
  })

  test('is made once for requests that come while it is made', async () => {
    const { engine, counts } = countingEngine()
    await Promise.all(Array.from({ length: 5 }, () => engine.execute({ query: large(0) })))
    expect(counts).toEqual({ validated: 1, planned: 1 })
    await engine.close('done')
    await engine.idle()
  })

  test('is made for each combination of conditions that occurs', async () => {
    const { engine, counts } = countingEngine()
    const query = 'query ($y: Boolean!) { me { id name @include(if: $y) } }'
    for (const y of [true, false, true, false]) await engine.execute({ query, variables: { y } })
    expect(counts.planned).toBe(2)
  })
})

describe('a large operation', () => {
  test('is validated and planned beside the requests: a small one that comes later is answered first', async () => {
    const { engine } = countingEngine()
    const order: string[] = []
    const slow = engine.execute({ query: large(1) }).then((result) => (order.push('large'), result))
    await engine.execute({ query: '{ me { id } }' }).then(() => order.push('small'))
    expect((await slow).data).toEqual({ me: { id: 'u1', name: 'Ada' } })
    expect(order).toEqual(['small', 'large'])
    const invalid = await engine.execute({ query: large(2).replace('name', 'nothing') })
    expect([codesOf(invalid), invalid.errors?.[0]?.locations?.length]).toEqual([['DOCUMENT_INVALID'], 1])
    await engine.close('done')
    await engine.idle()
  })

  test('of a text that is not parsed beside the requests is answered like a small one, its errors at their places', async () => {
    const { engine, counts } = countingEngine()
    const padding = `# ${'x'.repeat(limits.documentParsedInThreadCharactersMax)}\n`
    const asked = [
      { query: '{ users { flaky } }' },
      { query: '{ me { nothing } }' },
      { query: '{ me { id' },
      { query: 'query A { me { id } } query B { me { name } }' },
      { query: 'query A { me { id } } query B { me { name } }', operationName: 'B' },
      { query: 'query ($y: Boolean! = true) { me { id name @skip(if: $y) } __type(name: "User") { kind } }' },
      { query: 'query ($y: Boolean!) { me { id name @skip(if: $y) } }', variables: { y: 'no' } },
      { query: 'query ($y: Boolean!) { me { name @skip(if: $y) } }', variables: { y: false } },
      { query: 'subscription { nothing }' },
    ]
    for (const request of asked) {
      const small = await engine.execute({ ...request, query: `\n${request.query}` })
      const before = { ...counts }
      expect(await engine.execute({ ...request, query: padding + request.query })).toEqual(small)
      expect(counts.validated).toBe(before.validated + 1)
    }
    await engine.close('done')
    await engine.idle()
  })

  test('is refused where too many wait, and gives its place back when its client leaves', async () => {
    const { engine } = countingEngine()
    const clients = Array.from({ length: limits.plansWaitingMax + 1 }, () => new AbortController())
    const waiting = clients.map(({ signal }, index) => engine.prepare({ query: large(index), signal }))
    expect(codesOf(await engine.prepare({ query: large(100) }))).toEqual(['PLANNING_OVERLOADED'])
    for (const client of clients.slice(3)) client.abort(new Error('left'))
    expect(isReady(await engine.prepare({ query: large(101) }))).toBe(true)
    const ready = (await Promise.all(waiting)).filter(isReady)
    expect(ready.length).toBeGreaterThanOrEqual(3)
    expect(ready.length).toBeLessThan(waiting.length)
    await engine.close('done')
    await engine.idle()
  })
})

describe('a label of a progressive override', () => {
  const MOVING: readonly TestSubgraph[] = [
    {
      name: 'old',
      sdl: 'type Query { thing: Thing } type Thing @key(fields: "id") { id: ID! size: String beta: String }',
      resolvers: {
        Query: { thing: () => ({ id: '1' }) },
        Thing: { size: () => 'old', beta: () => 'old' },
      },
    },
    {
      name: 'new',
      sdl: `type Thing @key(fields: "id") { id: ID! size: String @override(from: "old", label: "percent(30)") beta: String @override(from: "old", label: "beta") }`,
      resolvers: {
        Thing: {
          __resolveReference: ({ id }: { id: string }) => ({ id }),
          size: () => 'new',
          beta: () => 'new',
        },
      },
    },
  ]
  const movingSdl = composeMesh(MOVING)
  const query = '{ thing { size again: size beta } }'

  test('is drawn for every request: percent(n) for n of a hundred, others off', async () => {
    const draws = [0.1, 0.9, 0.29, 0.31]
    const endpoints = MOVING.map((subgraph) => localEndpoint(subgraph))
    const engine = createEngine({ supergraphSdl: movingSdl, endpoints, random: () => draws.shift() ?? 1 })
    const answers: unknown[] = []
    for (let each = 0; each < 4; each++) answers.push((await engine.execute({ query })).data)
    const of = (size: string) => ({ thing: { size, again: size, beta: 'old' } })
    expect(answers).toEqual([of('new'), of('old'), of('new'), of('old')])
  })

  test('is decided by the gateway where it is told how', async () => {
    const endpoints = MOVING.map((subgraph) => localEndpoint(subgraph))
    const overrideLabels = (label: string, request: EngineRequest) => label === request.headers?.['try']
    const engine = createEngine({ supergraphSdl: movingSdl, endpoints, overrideLabels })
    const answers = await Promise.all(
      ['beta', 'percent(30)', 'x'].map((label) => engine.execute({ query, headers: { try: label } })),
    )
    expect(answers.map(({ data }) => data)).toEqual([
      { thing: { size: 'old', again: 'old', beta: 'new' } },
      { thing: { size: 'new', again: 'new', beta: 'old' } },
      { thing: { size: 'old', again: 'old', beta: 'old' } },
    ])
  })
})
