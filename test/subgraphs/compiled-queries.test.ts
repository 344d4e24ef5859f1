// Queries on the compiled way, compared with graphql-js: random queries over a schema whose resolvers answer at once or later, give null,
// what is no value, or fail, as the object and the field decide.
import { buildSubgraphSchema } from '@apollo/subgraph'
import { execute, parse, validate, type GraphQLError } from 'graphql'
import { expect, test } from 'vitest'
import { invariant } from '../../platform/errors.ts'
import type { RequestContext } from '../../subgraphs/runtime/request-context.ts'
import { compileQuery } from '../../subgraphs/runtime/execute/compile-query.ts'
import { seededRandom } from '../seeded-random.ts'

const SEEDS = Array.from({ length: 150 }, (_, seed) => seed + 1)
const SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  enum Colour { RED GREEN }
  type Node @key(fields: "id") {
    id: ID!
    count: Int
    must: Int!
    colour: Colour!
    next: Node
    mustNext: Node!
    list(first: Int = 2, of: [ID!]): [Node]
    mustList(first: Int!): [Node!]!
    matrix: [[Int!]]
    constructor: String
  }
  type Other @key(fields: "id") { id: ID! count: Int next: Node }
  type Query { node(seed: Int = 1): Node mustNode(seed: Int!): Node! nodes: [Node!] }
`

interface Source {
  readonly seed: number
}
type Arguments = Readonly<Record<string, unknown>>

/** A number that the object, the field and its arguments decide. */
function drawn(source: Source | undefined, field: string, args: Arguments): number {
  let hash = (source?.seed ?? 7) ^ 0x811c9dc5
  for (const character of field + JSON.stringify(args)) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  return hash >>> 0
}

/** Of a hundred: how many answers are nulls, later, and failures. */
interface Temper {
  readonly nulls: number
  readonly later: number
  readonly failures: number
}

function answerOf(temper: Temper, draw: number, value: unknown): unknown {
  const { nulls, later, failures } = temper
  const fate = (draw >>> 3) % 100
  const isLater = (draw >>> 11) % 100 < later
  const error = new Error(`failed ${draw}`)
  if (fate < failures) {
    if (isLater) return Promise.resolve().then(() => Promise.reject(error))
    throw error
  }
  const given = fate < failures + nulls ? null : value
  return isLater ? Promise.resolve().then(() => given) : given
}

function schemaOf(temper: Temper) {
  const node = (draw: number, step: number): Source => ({ seed: Math.imul(draw + step, 2654435761) >>> 0 })
  const resolver = (field: string, value: (draw: number, args: Arguments) => unknown) => {
    return (source: Source | undefined, args: Arguments) => {
      const draw = drawn(source, field, args)
      return answerOf(temper, draw, value(draw, args))
    }
  }
  const list = (draw: number, { first }: Arguments) =>
    Array.from({ length: Number(first ?? 3) }, (_, index) => {
      const fate = (draw >>> index) % 16
      const item = fate < temper.nulls / 8 ? null : node(draw, index)
      return fate % 3 === 0 && temper.later > 0 ? Promise.resolve(item) : item
    })
  const single = (draw: number) => node(draw, 0)
  const shared = {
    count: resolver('count', (draw) => (temper.failures > 0 && draw % 20 === 0 ? 'no number' : draw % 1_000)),
    next: resolver('next', single),
    __resolveReference: ({ id }: { readonly id: unknown }) => {
      const draw = drawn(undefined, 'reference', { id })
      try {
        return answerOf(temper, draw, { ...node(draw, 0), id })
      } catch (error) {
        return Promise.reject(error)
      }
    },
  }
  const id = ({ seed }: Source) => String(seed)
  const resolvers = {
    Query: {
      node: resolver('node', single),
      mustNode: resolver('mustNode', single),
      nodes: resolver('nodes', (draw) => list(draw, {})),
    },
    Node: {
      ...shared,
      id,
      must: resolver('must', (draw) => draw % 100),
      colour: resolver('colour', (draw) => ['RED', 'GREEN', 'RED', temper.failures > 0 ? 'BLUE' : 'GREEN'][draw % 4]),
      mustNext: resolver('mustNext', single),
      list: resolver('list', list),
      mustList: resolver('mustList', list),
      matrix: resolver('matrix', (draw) => [[1, draw % 9], null, draw % 5 === 0 ? [null] : []]),
      constructor: resolver('constructor', (draw) => (draw % 3 === 0 ? 5 : 'text')),
    },
    Other: { ...shared, id },
  }
  // The library's type of a resolver map has no room for resolvers of our own sources.
  return buildSubgraphSchema([{ typeDefs: parse(SDL), resolvers: resolvers as never }])
}

function randomSelection(random: () => number, depth: number): string {
  const leaves = ['id', 'count', 'must', 'colour', 'matrix', 'constructor', 'again: count', '__typename']
  const nested = [
    'next',
    'mustNext',
    'list',
    'list(first: 3)',
    'mustList(first: 2)',
    'mustList(first: $first)',
    'other: next',
  ]
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(random() * items.length)]
    invariant(item !== undefined, 'there is something to pick from')
    return item
  }
  const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(leaves))
  if (depth > 0) {
    for (let count = Math.floor(random() * 3); count > 0; count--) {
      const selection = `{ ${randomSelection(random, depth - 1)} }`
      const field = pick(nested)
      // Equal response keys must have equal arguments: each is a name of its own.
      const key = field.includes('(') || field === 'list' ? `k${Math.floor(random() * 1e9)}: ` : ''
      parts.push(random() < 0.3 ? `... on Node { ${key}${field} ${selection} }` : `${key}${field} ${selection}`)
    }
  }
  if (random() < 0.3) parts.push('...Shared')
  return parts.join(' ')
}

function randomQuery(random: () => number): string {
  const selection = () => `{ ${randomSelection(random, 3)} }`
  const roots = [
    () => `node ${selection()}`,
    () => `nodes ${selection()}`,
    () => `seeded: node(seed: $seed) ${selection()}`,
    () => `mustNode(seed: ${Math.floor(random() * 99)}) ${selection()}`,
    () =>
      `_entities(representations: $of) { ... on Node ${selection()} ... on Other { id count next ${selection()} } __typename }`,
  ]
  const chosen = roots.filter(() => random() < 0.45)
  const fields = (chosen.length === 0 ? roots.slice(0, 1) : chosen).map((root) => root()).join(' ')
  const uses =
    '_service { __typename } unused: node(seed: $seed) { mustList(first: $first) { id } } ids: _entities(representations: $of) { __typename ...Shared }'
  return `query ($first: Int!, $seed: Int, $of: [_Any!]!) { ${fields} ${uses} } fragment Shared on Node { id shared: must next { colour } }`
}

const context = {} as RequestContext
const told = (errors: readonly GraphQLError[]) =>
  errors.map((error) => JSON.stringify([error.path, error.message, error.locations])).toSorted()

test.each([
  { name: 'that fail nowhere', temper: { nulls: 0, later: 40, failures: 0 } },
  { name: 'with nulls and failures at once', temper: { nulls: 6, later: 0, failures: 4 } },
  // All of them: where some come at once, graphql-js lets go of promises that reject.
  { name: 'with nulls and failures that come later', temper: { nulls: 6, later: 100, failures: 4 } },
])('random queries $name have the answers that graphql-js gives', async ({ temper }) => {
  const schema = schemaOf(temper)
  for (const seed of SEEDS) {
    const random = seededRandom(seed)
    const query = randomQuery(random)
    const of = Array.from({ length: Math.floor(random() * 4) }, (_, index) => ({
      __typename: random() < 0.5 ? 'Node' : 'Other',
      id: `${seed}-${index}`,
    }))
    const variableValues = { first: Math.floor(random() * 4), of, ...(random() < 0.5 ? {} : { seed }) }
    const document = parse(query)
    expect(validate(schema, document)).toEqual([])
    const expected = await execute({ schema, document, variableValues, contextValue: context })
    const result = await compileQuery(schema, query, undefined)?.(variableValues, context)
    invariant(result !== undefined && result !== null, `query ${seed} is compiled: ${query}`)
    expect(JSON.stringify({ seed, data: result.data })).toBe(JSON.stringify({ seed, data: expected.data }))
    const expectedErrors = told(expected.errors ?? [])
    // Of several failures of one object, whichever comes first is told.
    if (temper.later === 0) expect(told(result.errors)).toEqual(expectedErrors)
    else expect(result.errors.length > 0).toBe(expectedErrors.length > 0)
  }
})

test('what is no plain query is left to graphql-js', () => {
  const schema = schemaOf({ nulls: 0, later: 0, failures: 0 })
  const compiled = (query: string) => compileQuery(schema, query, undefined) !== null
  expect(compiled('{ node { id } }')).toBe(true)
  expect(compiled('{ __schema { queryType { name } } }')).toBe(false)
  expect(compiled('{ node { id @include(if: true) } }')).toBe(false)
  expect(compiled('{ node { __proto__: id } }')).toBe(false)
  expect(compiled('{ node { nothing } }')).toBe(false)
  expect(compiled('{ node {')).toBe(false)
  expect(compiled('query A { node { id } } query B { node { id } }')).toBe(false)
})

test('variables that do not fit are left to graphql-js, before anything is resolved', () => {
  const run = compileQuery(
    schemaOf({ nulls: 0, later: 0, failures: 0 }),
    'query ($n: Int!) { mustNode(seed: $n) { id } }',
    undefined,
  )
  expect(run?.({ n: 'none' }, context)).toBeNull()
})

test('what is selected of data that is never met is not compiled', async () => {
  const schema = schemaOf({ nulls: 100, later: 0, failures: 0 })
  const doubling = Array.from(
    { length: 30 },
    (_, n) => `fragment F${n} on Node { a${n}: next { ...F${n + 1} } b${n}: next { ...F${n + 1} } }`,
  )
  const query = `{ node { ...F0 } } ${doubling.join(' ')} fragment F30 on Node { id }`
  expect(await compileQuery(schema, query, undefined)?.({}, context)).toEqual({ data: { node: null }, errors: [] })
})
