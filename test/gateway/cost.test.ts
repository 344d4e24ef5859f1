// What operations are estimated to cost, by the rules of the cost directives, and what happens beyond the budget.
import { describe, expect, test } from 'vitest'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import { createEngine, type EngineOptions } from '../../gateway/engine.ts'
import type { Engine } from '../../gateway/engine-contract.ts'
import { localEndpoint, type TestSubgraph } from '../federation/merged-mesh.ts'

const LIST_SIZE = 10

const STORE: TestSubgraph = {
  name: 'store',
  sdl: `
    type Query {
      product(id: ID! = "1"): Product
      products(first: Int, last: Int): [Product!]! @listSize(assumedSize: 50, slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
      exact(first: Int, last: Int): [Product!]! @listSize(slicingArguments: ["first", "last"])
      defaulted(first: Int = 7): [Product!]! @listSize(assumedSize: 50, slicingArguments: ["first"])
      filtered(filter: Filter): [Product!]! @listSize(assumedSize: 51)
      page(first: Int = 20, last: Int): Page! @listSize(assumedSize: 20, slicingArguments: ["first", "last"], sizedFields: ["nodes", "edges"], requireOneSlicingArgument: false)
      plain: [Product!]!
      matrix: [[Product!]!]!
      numbers: [Int!]!
      search(text: String, by: By, plain: Boolean, many: [By!]): Int @cost(weight: 5)
      node(id: ID): Node
      any: [Any!]!
    }
    type Mutation { add(by: By): Product }
    type Page { nodes: [Product!]! edges: [Edge!]! count: Int! }
    type Edge { node: Product! }
    input Filter { max: Int }
    input By { name: String deep: By weighed: Int @cost(weight: 4) }
    interface Node { id: ID! }
    type Product implements Node @key(fields: "id") { id: ID! name: String maker: Maker reviews: [Review!]! price: Money self: Product }
    type Maker implements Node @cost(weight: 3) { id: ID! name: String products: [Product!]! @cost(weight: 2) }
    type Review { text: String author: Maker }
    scalar Money @cost(weight: 6)
    union Any = Product | Maker`,
  resolvers: { Query: { product: () => ({ id: '1', name: 'One' }), products: () => [{ id: '1', name: 'One' }] } },
}

/** Subgraphs import the directives under names of their own. */
const RENAMED: TestSubgraph = {
  name: 'renamed',
  sdl: `
    type Query { renamed: Int @price(weight: 9) long: [Box!]! @sized(assumedSize: 30) }
    type Box @price(weight: 2) { id: ID }`,
  resolvers: { Query: { renamed: () => 1, long: () => [] } },
}

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", '

function supergraphOf({ name, sdl }: TestSubgraph, imports: string): string {
  const composition = composeSupergraph([{ name, sdl: `${LINK}${imports}])\n${sdl}` }])
  if (composition.kind === 'failed') throw new Error(JSON.stringify(composition.problems))
  return composition.supergraphSdl
}

/** Sizes inside input objects are refused by this composition and composed by others. */
const supergraphSdl = supergraphOf(STORE, '"@cost", "@listSize"').replace(
  '@listSize(assumedSize: 51)',
  '@listSize(assumedSize: 50, slicingArguments: ["filter.max"], requireOneSlicingArgument: false)',
)
let asked = 0
const endpoint = localEndpoint(STORE, () => void asked++)

function engineOf(cost?: EngineOptions['cost'], options: Partial<EngineOptions> = {}): Engine {
  return createEngine({ supergraphSdl, endpoints: [endpoint], ...(cost === undefined ? {} : { cost }), ...options })
}

const telling = engineOf({ max: 0, tell: true, listSize: LIST_SIZE })

async function estimate(query: string, variables: Record<string, unknown> = {}, engine = telling): Promise<unknown> {
  const operation = await engine.prepare({ query, variables })
  return 'cost' in operation ? operation.cost : operation
}

describe('an operation costs', () => {
  test.each<[string, string, number, Record<string, unknown>?]>([
    ['an object 1, its leaves nothing', '{ product { id name } }', 1],
    ['what is below an object besides', '{ product { self { self { id } } } }', 3],
    ['__typename nothing', '{ __typename product { __typename } }', 1],
    [
      'one field under one response key once',
      '{ product { self { id } self { name } ...F } } fragment F on Product { self { id } }',
      2,
    ],
    ['aliases each', '{ a: product { id } b: product { id } }', 2],
    [
      'what @skip and @include leave',
      '{ product @skip(if: true) { id } a: product @include(if: false) { id } b: product { id } }',
      1,
    ],
    [
      'what they leave by variable',
      'query ($x: Boolean!) { product { self @include(if: $x) { id } } }',
      1,
      { x: false },
    ],
    [
      'the same with the other value',
      'query ($x: Boolean!) { product { self @include(if: $x) { id } } }',
      2,
      { x: true },
    ],
    ['a list that nothing is said of as often as is assumed', '{ plain { id } }', LIST_SIZE],
    ['lists of lists times one another', '{ matrix { id } }', LIST_SIZE ** 2],
    ['lists inside lists times one another', '{ plain { reviews { text } } }', LIST_SIZE + LIST_SIZE * LIST_SIZE],
    ['lists of leaves nothing', '{ numbers }', 0],
    ['a list what its slicing argument says', '{ products(first: 3) { id } }', 3],
    ['what a variable says', 'query ($n: Int) { products(first: $n) { id } }', 4, { n: 4 }],
    ['what the default of a variable says', 'query ($n: Int = 6) { products(first: $n) { id } }', 6],
    ['the assumed size where none is given', '{ products { id } }', 50],
    ['the assumed size where null is given', 'query ($n: Int) { products(first: $n) { id } }', 50, { n: null }],
    ['the greatest where several are given', '{ products(first: 8, last: 3) { id } }', 8],
    ['nothing for a negative size', '{ products(first: -3) { id } }', 0],
    ['the default of a slicing argument', '{ defaulted { id } }', 7],
    ['a size inside an input object', '{ filtered(filter: { max: 4 }) { id } }', 4 + 1],
    ['the same by variables', 'query ($f: Filter) { filtered(filter: $f) { id } }', 5 + 1, { f: { max: 5 } }],
    ['sized fields of a page, not the page', '{ page(first: 5) { nodes { id } count } }', 1 + 5],
    [
      'two lists of a page',
      'query ($n: Int) { page(last: $n) { nodes { id } edges { node { id } } } }',
      1 + 3 + 3 * 2,
      { n: 3 },
    ],
    ['the default of a page', '{ page { nodes { id } } }', 1 + 20],
    ['the weight of a type', '{ product { maker { name } } }', 1 + 3],
    ['the weight of a scalar', '{ product { price } }', 1 + 6],
    [
      'the weight of a field in place of its type’s',
      '{ product { maker { products { id } } } }',
      1 + 3 + LIST_SIZE * 2,
    ],
    ['the weight of a field of a leaf', '{ search }', 5],
    ['an input object 1 and its leaves nothing', '{ search(by: { name: "a" }, text: "b") }', 5 + 1],
    [
      'input objects in one another, and weights of their fields',
      '{ search(by: { deep: { weighed: 1 } }) }',
      5 + 1 + 1 + 4,
    ],
    ['input objects in lists each', '{ search(many: [{ name: "a" }, { name: "b" }]) }', 5 + 2],
    [
      'input objects of variables',
      'query ($by: By, $n: String) { search(by: $by, many: [{ name: $n }]) }',
      5 + 6 + 1,
      { by: { deep: { weighed: 3 } } },
    ],
    ['nothing for a null', 'query ($by: By) { search(by: $by) }', 5, { by: null }],
    [
      'of the types that an object may be the dearest',
      '{ node { id ... on Maker { products { id } } ... on Product { self { id } } } }',
      3 + LIST_SIZE * 2,
    ],
    [
      'the dearest of a union',
      '{ any { ... on Product { id self { id } } ... on Maker { id } } }',
      LIST_SIZE * (3 + 1),
    ],
    ['a mutation what a query does', 'mutation { add(by: { name: "a" }) { id } }', 1 + 1],
    [
      'no more than numbers can say',
      `{ a: products(first: 2147483647) { reviews { author { products { reviews { author { products { reviews { author { products { reviews { text } } } } } } } } } } } }`,
      9007199254740991,
    ],
  ])('%s', async (_title, query, cost, variables = {}) => {
    expect(await estimate(query, variables)).toBe(cost)
  })

  test('the same where another thread plans it', async () => {
    const many = Array.from(
      { length: 90 },
      (_, index) => `a${index}: products(first: $n) { id maker { name } self { id } }`,
    )
    expect(await estimate(`query ($n: Int) { ${many.join(' ')} }`, { n: 2 })).toBe(90 * 2 * 5)
  })

  test('what directives of other names say', async () => {
    const imports = '{ name: "@cost", as: "@price" }, { name: "@listSize", as: "@sized" }'
    const sdl = supergraphOf(RENAMED, imports)
    expect(sdl).toContain('@price(weight: 9)')
    const engine = createEngine({ supergraphSdl: sdl, endpoints: [], cost: { max: 0, tell: true } })
    expect(await estimate('{ renamed long { id } }', {}, engine)).toBe(9 + 30 * 2)
  })

  test('nothing is estimated where nothing is bounded or told', async () => {
    expect(await engineOf().prepare({ query: '{ product { id } }' })).not.toHaveProperty('cost')
  })
})

describe('beyond the budget', () => {
  const bounded = engineOf({ max: 20, tell: false, listSize: LIST_SIZE })

  test('nothing is fetched, and the dearest field is named', async () => {
    const before = asked
    const query = 'query ($n: Int) { product { id } products(first: $n) { id again: reviews { author { name } } } }'
    const { data, errors } = await bounded.execute({ query, variables: { n: 3 } })
    expect([data, asked - before]).toEqual([undefined, 0])
    expect(errors).toEqual([
      {
        message: expect.stringContaining('cost 124, and 20 are allowed. "products.again.author" costs most'),
        extensions: { code: 'COST_EXCEEDED', cost: { estimated: 124, max: 20, path: 'products.again.author' } },
      },
    ])
  })

  test('the dearest field is named where no variable decides', async () => {
    const { errors } = await bounded.execute({ query: '{ product { id } plain { maker { products { id name } } } }' })
    expect(errors?.[0]?.extensions?.['cost']).toMatchObject({ path: 'plain.maker.products' })
  })

  test('what costs as much as is allowed is answered', async () => {
    expect(await bounded.execute({ query: '{ products(first: 20) { id } }' })).toEqual({
      data: { products: [{ id: '1' }] },
    })
    const { errors } = await bounded.execute({ query: '{ products(first: 21) { id } }' })
    expect(errors?.[0]?.extensions?.['code']).toBe('COST_EXCEEDED')
  })

  test.each([
    ['none', '{ exact { id } }', {}],
    ['both', '{ exact(first: 1, last: 1) { id } }', {}],
    ['none by variable', 'query ($n: Int) { exact(first: $n) { id } }', {}],
  ])('a field that needs one slicing argument is refused with %s', async (_title, query, variables) => {
    const { errors } = await bounded.execute({ query, variables })
    expect(errors).toEqual([
      {
        message: expect.stringContaining('"exact" needs exactly one of its arguments first, last'),
        extensions: { code: 'SLICING_ARGUMENT_REQUIRED' },
      },
    ])
  })

  test('one of them, or a default, is enough', async () => {
    expect(await estimate('query ($n: Int) { exact(first: $n) { id } }', { n: 2 }, bounded)).toBe(2)
    expect(await estimate('{ defaulted { id } }', {}, bounded)).toBe(7)
  })

  test('a subscription is refused before its stream is opened', async () => {
    const sdl = `${STORE.sdl} type Subscription { changed: [Product!]! @listSize(assumedSize: 99) }`
    const engine = engineOf(
      { max: 20, tell: true },
      { supergraphSdl: supergraphOf({ ...STORE, sdl }, '"@cost", "@listSize"') },
    )
    const refused = await engine.subscribe({ query: 'subscription { changed { id } }' })
    expect(refused).toMatchObject({ errors: [{ extensions: { code: 'COST_EXCEEDED' } }] })
  })
})

describe('where it is wanted, an answer tells', () => {
  const engine = engineOf({ max: 100, tell: true })
  const query = '{ products(first: 3) { name } }'
  const cost = { estimated: 3, max: 100, remaining: 97 }

  test('what it was estimated to cost and what is left', async () => {
    const data = { products: [{ name: 'One' }] }
    expect(await engine.execute({ query })).toEqual({ data, extensions: { cost } })
    for (let time = 0; time < 3; time++) {
      const operation = await engine.prepare({ query })
      if (!('prepared' in operation)) throw new Error('refused')
      const { body, extensions } = await engine.runSerialized(operation, { query })
      expect([JSON.parse(String(body)), extensions]).toEqual([{ data, extensions: { cost } }, { cost }])
    }
  })

  test('the same beside errors', async () => {
    const broken = '{ products(first: 3) { name } plain { id } }'
    expect(await engine.execute({ query: broken })).toMatchObject({
      data: null,
      errors: expect.arrayContaining([expect.anything()]) as unknown,
      extensions: { cost: { estimated: 13 } },
    })
  })

  test('only the estimate where there is no budget', async () => {
    const { extensions } = await telling.execute({ query })
    expect(extensions).toEqual({ cost: { estimated: 3 } })
  })
})
