// Whatever subgraphs answer, the client gets a response that its operation and the public schema allow, with errors that say what is missing.
import { describe, expect, test } from 'vitest'
import { isReady, type Engine, type EngineResult } from '../../gateway/engine-contract.ts'
import type { SubgraphEndpoint, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { seededRandom } from '../seeded-random.ts'
import { judgeCases, openBroken, caseOf, type Verdict } from './broken-answers/broken-case.ts'
import { INTERNAL } from './broken-answers/damage-tree.ts'
import { damageAnswer } from './broken-answers/damage.ts'
import { createJudge } from './broken-answers/judge.ts'
import { createMesh, type TestSubgraph } from './merged-mesh.ts'

const CASES = 300

test('damaged answers cost what they are needed for, with an error, however they travel and however the response is made', async () => {
  const wrong: Verdict[] = []
  let damaged = 0
  for await (const verdict of judgeCases(0, CASES)) {
    if (verdict.problems.length > 0) wrong.push(verdict)
    if (verdict.exchanges.some(({ damage }) => damage !== null)) damaged++
  }
  expect(wrong.map(({ found, problems }) => `case ${found.damage.seed}: ${problems.join('; ')}`)).toEqual([])
  expect(damaged).toBeGreaterThan(CASES / 3)
}, 120_000)

test('a client that leaves ends its request with its own reason, whatever the subgraphs answer', async () => {
  const reason = new Error('the client has left')
  const outcomes: unknown[] = []
  for (let number = 0; number < 120; number++) {
    const open = openBroken(Math.floor(number / 20))
    if (open.mesh === null || open.broken === null) continue
    const { operation, damage } = caseOf(open.mesh, number)
    const engine = number % 4 === 0 ? open.broken.wire : open.broken.local
    const ready = await engine.prepare(operation)
    if (!isReady(ready)) continue
    const client = new AbortController()
    open.broken.begin(damage, (asked) => {
      if (asked === 1 + (number % 3)) client.abort(reason)
    })
    const request = { ...operation, signal: client.signal }
    const answered = number % 8 < 4 ? engine.run(ready, request) : engine.runSerialized(ready, request)
    const outcome = await answered.then(
      () => 'answered',
      (error: unknown) => error,
    )
    outcomes.push(outcome)
    await engine.idle()
  }
  expect(outcomes.filter((outcome) => outcome !== 'answered' && outcome !== reason)).toEqual([])
  expect(outcomes.filter((outcome) => outcome === reason).length).toBeGreaterThan(5)
})

const STOCK: TestSubgraph = {
  name: 'stock',
  sdl: `type Query { stock: Int }  type Mutation { take(n: Int!): Taken!  offer: Taken }
    type Taken @key(fields: "id") { id: ID!  n: Int! }
    type Subscription { taken: Taken  levels: [Int!]! }`,
  resolvers: {},
}
const PRICES: TestSubgraph = {
  name: 'prices',
  sdl: `type Query { prices: Int }  type Mutation { count: Int! }
    type Taken @key(fields: "id") { id: ID!  price: Float  label: String! }`,
  resolvers: {},
}

/** Answers by the subgraph's name. */
function meshAnswering(answers: Readonly<Record<string, (query: string) => unknown>>): Engine {
  const endpoints = [STOCK, PRICES].map(({ name }): SubgraphEndpoint => ({
    name,
    execute: async ({ query }) => answers[name]?.(query) as SubgraphResponse,
    subscribe: async () =>
      (async function* () {
        yield* answers[name]?.('subscription') as SubgraphResponse[]
      })(),
    close: async () => undefined,
  }))
  return createMesh([STOCK, PRICES], { endpoints })
}

const ALL_KINDS = ['whole', 'errors', 'nulled', 'loud', 'silent'] as const

function damagedResponse(answer: SubgraphResponse, seed: number): unknown {
  const options = { random: seededRandom(seed), typeNames: ['Taken', 'Query'] }
  const { failure, bytes } = damageAnswer(answer, ALL_KINDS, options)
  if (failure !== undefined) return failure
  try {
    return JSON.parse(bytes.toString()) as unknown
  } catch (error) {
    return error
  }
}

describe('a mutation', () => {
  test('goes on behind a damaged field exactly where that field has a value or may be null', async () => {
    const wrong: string[] = []
    const query = 'mutation { first: take(n: 1) { n } count }'
    let [seed, asked, stopped] = [0, 0, 0]
    const engine = meshAnswering({
      stock: () => {
        const answer = damagedResponse({ data: { first: { n: 1 } } }, seed)
        if (answer instanceof Error) throw answer
        return answer
      },
      prices: () => (asked++, { data: { count: 2 } }),
    })
    const judge = createJudge(engine.publicSchema, query, {})
    for (; seed < 300; seed++) {
      asked = 0
      const result = await engine.execute({ query })
      wrong.push(...judge.judge(result).map((problem) => `${seed}: ${problem}`))
      if (result.data !== null && asked !== 1) wrong.push(`${seed}: the second was asked ${asked} times`)
      if (asked === 0) stopped++
    }
    expect([wrong, stopped > 50]).toEqual([[], true])
  })
})

describe('a subscription', () => {
  test('gives one right event for every damaged one, and goes on', async () => {
    const query = 'subscription { taken { id price label n } }'
    const taken = (id: string): SubgraphResponse => ({ data: { taken: { __typename: 'Taken', id, n: 1 } } })
    const upstream: unknown[] = []
    for (let seed = 0; seed < 300; seed++) {
      const event = damagedResponse(taken(`t${seed}`), seed)
      if (!(event instanceof Error)) upstream.push(event)
    }
    upstream.push(taken('last'))
    let asked = 0
    const engine = meshAnswering({
      stock: () => upstream,
      prices: () => {
        const answer = { data: { _entities: [{ price: 1.5, label: 'x' }] } }
        const damaged = asked++ % 2 === 0 && asked < upstream.length / 2 ? damagedResponse(answer, asked) : answer
        if (damaged instanceof Error) throw damaged
        return damaged
      },
    })
    const stream = await engine.subscribe({ query })
    if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream))
    const events: EngineResult[] = []
    for (let each = await stream.next(); each.done !== true; each = await stream.next()) {
      events.push(each.value)
      if (events.length === upstream.length) break
    }
    const judge = createJudge(engine.publicSchema, query, {})
    const problems = events.flatMap((event) => judge.judge({ data: event.data, errors: event.errors ?? [] }))
    expect([events.length, problems]).toEqual([upstream.length, []])
    expect(JSON.stringify(events.map(({ errors }) => errors))).not.toContain(INTERNAL)
    expect(events.at(-1)).toEqual({ data: { taken: { id: 'last', price: 1.5, label: 'x', n: 1 } } })
  })
})

describe('what random damage has found', () => {
  const units: TestSubgraph[] = [
    {
      name: 'a',
      sdl: 'type Query { unit: Unit @shareable  any: Any!  }  type Unit { note: Int }  scalar Any',
      resolvers: {},
    },
    { name: 'b', sdl: 'type Query { unit: Unit @shareable }  type Unit { length: Int  near: Int! }', resolvers: {} },
  ]

  /** The answer as an object, then as text: made with care at first, then by generated code. */
  async function answersTo(query: string, answers: Readonly<Record<string, string>>): Promise<unknown[]> {
    const endpoints = units.map(({ name }): SubgraphEndpoint => ({
      name,
      execute: () => Promise.reject(new Error('asked in-process')),
      exchange: async () => ({ bytes: Buffer.from(answers[name] ?? ''), isWhole: false }),
      subscribe: () => Promise.reject(new Error('none here')),
      close: async () => undefined,
    }))
    const engine = createMesh(units, { endpoints })
    const operation = await engine.prepare({ query })
    if (!isReady(operation)) throw new Error(JSON.stringify(operation))
    const results: unknown[] = [JSON.parse(JSON.stringify(await engine.run(operation, { query })))]
    for (let each = 0; each < 3; each++) {
      const { body } = await engine.runSerialized(operation, { query })
      results.push(JSON.parse(body.toString()))
    }
    return results
  }

  const invalid = (path: readonly string[]): unknown =>
    expect.objectContaining({ path, extensions: { code: 'RESPONSE_INVALID' } })

  test('a number beyond all numbers is none, even of a custom scalar', async () => {
    const expected = { data: null, errors: [invalid(['any'])] }
    expect(await answersTo('{ any }', { a: '{"data":{"any":1e400}}' })).toEqual([
      expected,
      expected,
      expected,
      expected,
    ])
  })

  test.each(['""', '"four"', '7', '[]', '[[{"length":1}]]'])(
    'a value of another shape in the second of two answers for one field is told: %s',
    async (shape) => {
      const answers = { a: '{"data":{"unit":{"note":1}}}', b: `{"data":{"unit":${shape}}}` }
      const optional = { data: { unit: { note: 1, length: null } }, errors: [invalid(['unit', 'length'])] }
      expect(await answersTo('{ unit { note length } }', answers)).toEqual([optional, optional, optional, optional])
      const required = { data: { unit: null }, errors: [invalid(['unit', 'near'])] }
      expect(await answersTo('{ unit { note near } }', answers)).toEqual([required, required, required, required])
    },
  )
})
