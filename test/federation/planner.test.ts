// What the planner asks of whom, and when: hand-made supergraphs, whole plans' requests compared.
import { parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { planOperation } from '../../gateway/plan/query-planner/plan-operation.ts'
import type { Plan } from '../../gateway/plan/plan.ts'
import { readSupergraph } from '../../gateway/supergraph/read-supergraph.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { composeMesh } from './merged-mesh.ts'

type Sdls = Readonly<Record<string, string>>
interface Options {
  readonly variables?: Readonly<Record<string, unknown>>
  readonly activeLabel?: string
  /** Changes what was composed: composition refuses what others accept. */
  readonly edit?: (supergraphSdl: string) => string
}

function plan(sdls: Sdls, query: string, { variables = {}, activeLabel, edit = (sdl) => sdl }: Options = {}): Plan {
  const subgraphs = Object.entries(sdls).map(([name, sdl]) => ({ name, sdl, resolvers: {} }))
  const supergraph = readSupergraph(edit(composeMesh(subgraphs)))
  const document = parse(query)
  expect(validate(supergraph.publicSchema, document)).toEqual([])
  return planOperation(supergraph, { document, variables, isLabelActive: (label) => label === activeLabel })
}

/** Each request as its subgraph, those it waits for, and what it asks, without what is the same in all. */
function requests(planned: Plan): string[] {
  return planned.fetches.map(({ service, dependsOn, query, lookups }, id) => {
    const asked = query.replaceAll(/\$r\w+: \[_Any!\]!(, )?|\(representations: \$\w+\)/g, '').replace('query()', '')
    const sent = lookups.map(({ targets }) =>
      targets.map(({ representation: { typename, fields } }) =>
        [typename ?? 'its type', ...fields.map(({ name }) => name)].join(' '),
      ),
    )
    const by = sent.length === 0 ? '' : ` by ${sent.map((each) => [...new Set(each)].join(' or ')).join(', ')}`
    return `${id} ${service}${dependsOn.length === 0 ? '' : ` after ${dependsOn.join(' ')}`}: ${asked}${by}`
  })
}

const SHOP: Sdls = {
  accounts: `
    type Query { users: [User] }
    type User @key(fields: "id") { id: ID!  name: String  username: String @shareable }`,
  inventory: `
    type Product @key(fields: "upc") {
      upc: String!  weight: Int @external  price: Int @external  inStock: Boolean
      shippingEstimate: Int @requires(fields: "price weight")
    }`,
  products: `
    type Query { topProducts(first: Int = 5): [Product] }
    type Product @key(fields: "upc") { upc: String!  name: String  price: Int  weight: Int }`,
  reviews: `
    type Review @key(fields: "id") { id: ID!  body: String  author: User @provides(fields: "username")  product: Product }
    type User @key(fields: "id") { id: ID!  username: String @external  reviews: [Review] }
    type Product @key(fields: "upc") { upc: String!  reviews: [Review] }`,
}
const CLASSIC = `
  fragment U on User { id username name }  fragment R on Review { id body }
  fragment P on Product { inStock name price shippingEstimate upc weight }
  { users { ...U reviews { ...R product { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } } } }
    topProducts(first: 5) { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } } }`

describe('few requests', () => {
  test('the classic query takes seven, four deep', () => {
    const planned = plan(SHOP, CLASSIC)
    expect(planned.fetches.map(({ service, dependsOn }) => [service, ...dependsOn])).toEqual([
      ['accounts'],
      ['products'],
      ['reviews', 0, 1],
      ['inventory', 1],
      ['products', 2],
      ['accounts', 2],
      ['inventory', 2, 4],
    ])
  })

  test('lookups that select the same are one field with a target for each place', () => {
    const targets = plan(SHOP, CLASSIC).fetches.map(({ lookups }) => lookups.map((lookup) => lookup.targets.length))
    expect(targets).toEqual([[], [], [1, 1], [1], [3], [2], [3]])
  })

  test('a subgraph at hand is preferred, and what it is provided with is not looked up', () => {
    const planned = plan(SHOP, '{ topProducts { reviews { author { id username } } } }')
    expect(requests(planned)).toEqual([
      '0 products: {topProducts{upc}}',
      '1 reviews after 0: {_entities{... on Product{reviews{author{username id}}}}} by Product upc',
    ])
  })

  test('a field is asked where its own fields are', () => {
    const sdls = {
      a: 'type Query { box: Box @shareable } type Box { size: Int @shareable }',
      b: 'type Query { box: Box @shareable } type Box { size: Int @shareable  weight: Int }',
    }
    expect(requests(plan(sdls, '{ box { size weight } }'))).toEqual(['0 b: {box{size weight}}'])
  })
})

describe('@requires', () => {
  test('waits for what it requires and is asked with a plain field of the same subgraph', () => {
    expect(requests(plan(SHOP, '{ topProducts { inStock shippingEstimate } }'))).toEqual([
      '0 products: {topProducts{upc price weight}}',
      '1 inventory after 0: {_entities{... on Product{shippingEstimate inStock}}} by Product upc price weight',
    ])
  })

  test('is asked in a lookup of its own, even where the subgraph is at hand', () => {
    const sdls = {
      a: 'type Query { users: [User] } type User @key(fields: "id") { id: ID!  price: Int }',
      b: 'type User @key(fields: "id") { id: ID!  friends: [User]  price: Int @external  ship: Int @requires(fields: "price") }',
    }
    expect(requests(plan(sdls, '{ users { friends { ship } } }'))).toEqual([
      '0 a: {users{id}}',
      '1 b after 0: {_entities{... on User{friends{id}}}} by User id',
      '2 a after 1: {_entities{... on User{price}}} by User id',
      '3 b after 1 2: {_entities{... on User{ship}}} by User id price',
    ])
  })

  test('chains go through subgraphs that know the entity by different keys', () => {
    const sdls = {
      x: 'type Query { buses: [Bus] } type Bus @key(fields: "id") @key(fields: "vin") { id: ID!  vin: ID!  mass: Int }',
      y: 'type Bus @key(fields: "vin") { vin: ID!  mass: Int @external  toll: Int @requires(fields: "mass") }',
      z: 'type Bus @key(fields: "id") { id: ID!  toll: Int @external  tax: Int @requires(fields: "toll") }',
    }
    expect(requests(plan(sdls, '{ buses { tax } }'))).toEqual([
      '0 x: {buses{id vin mass}}',
      '1 y after 0: {_entities{... on Bus{toll}}} by Bus vin mass',
      '2 z after 0 1: {_entities{... on Bus{tax}}} by Bus id toll',
    ])
  })

  test("a client's alias never stands for what is required", () => {
    expect(requests(plan(SHOP, '{ topProducts { upc: name price: weight shippingEstimate } }'))).toEqual([
      '0 products: {topProducts{upc: name price: weight upc_2: upc price_2: price}}',
      '1 inventory after 0: {_entities{... on Product{shippingEstimate}}} by Product upc price weight',
    ])
  })
})

describe('keys', () => {
  test('lead through a subgraph that has both', () => {
    const sdls = {
      a: 'type Query { t: T } type T @key(fields: "a") { a: ID! }',
      b: 'type T @key(fields: "a") @key(fields: "b") { a: ID!  b: ID! }',
      c: 'type T @key(fields: "b") { b: ID!  v: Int }',
    }
    expect(requests(plan(sdls, '{ t { v } }'))).toEqual([
      '0 a: {t{a}}',
      '1 b after 0: {_entities{... on T{b}}} by T a',
      '2 c after 1: {_entities{... on T{v}}} by T b',
    ])
  })

  test('may be nested in a value that the client asks for too', () => {
    const sdls = {
      x: `type Query { owners: [Owner] } type Country @shareable { iso: ID! }
        type Owner @key(fields: "country { iso } code", resolvable: false) { country: Country!  code: Int! }`,
      y: `type Country @shareable { iso: ID!  label: String }
        type Owner @key(fields: "country { iso } code") { country: Country!  code: Int!  name: String }`,
    }
    expect(requests(plan(sdls, '{ owners { name country { label } } }'))).toEqual([
      '0 x: {owners{country{iso} code}}',
      '1 y after 0: {_entities{... on Owner{name country{label}}}} by Owner country code',
    ])
  })
})

describe('values spread over subgraphs', () => {
  test('are entered again from the root', () => {
    const sdls = {
      x: 'type Query { box: Box @shareable } type Box @shareable { size: Size } type Size @shareable { w: Int }',
      y: 'type Query { box: Box @shareable } type Box @shareable { size: Size } type Size @shareable { h: Int }',
    }
    expect(requests(plan(sdls, '{ box { size { w h } } }'))).toEqual(['0 x: {box{size{w}}}', '1 y: {box{size{h}}}'])
  })

  test('are entered again from the entity that has them', () => {
    const sdls = {
      x: 'type Query { boxes: [Box] } type Box @key(fields: "id") { id: ID!  size: Size @shareable } type Size @shareable { w: Int }',
      y: 'type Box @key(fields: "id") { id: ID!  size: Size @shareable } type Size @shareable { h: Int }',
    }
    expect(requests(plan(sdls, '{ boxes { size { w h } } }'))).toEqual([
      '0 x: {boxes{size{w} id}}',
      '1 y after 0: {_entities{... on Box{size{h}}}} by Box id',
    ])
  })
})

const NODES: Sdls = {
  nodes: `
    type Query { nodes: [Node] }
    interface Node @key(fields: "id") { id: ID! }
    type A implements Node @key(fields: "id") { id: ID!  a: Int }
    type B implements Node @key(fields: "id") { id: ID!  b: Int! }`,
  hits: `type Query { top: [Node] } type Node @key(fields: "id") @interfaceObject { id: ID!  hits: Int  strict: Int! }`,
}

describe('interface objects', () => {
  test('are looked up by the name of the interface, once for all types', () => {
    expect(requests(plan(NODES, '{ nodes { hits } }'))).toEqual([
      '0 nodes: {nodes{id}}',
      '1 hits after 0: {_entities{... on Node{hits}}} by Node id',
    ])
  })

  test('are not asked which type they are where nothing depends on it', () => {
    expect(requests(plan(NODES, '{ top { id hits } }'))).toEqual(['0 hits: {top{id hits}}'])
  })

  test('get their type from a subgraph that has the types', () => {
    expect(requests(plan(NODES, '{ top { __typename ... on A { a hits } } }'))).toEqual([
      '0 hits: {top{id hits}}',
      '1 nodes after 0: {_entities{... on Node{__typename ... on A{a}}}} by Node id',
    ])
  })

  test('a field that takes its object with it is asked of the types that want it', () => {
    expect(requests(plan(NODES, '{ top { hits ... on A { strict } } }'))).toEqual([
      '0 hits: {top{id hits}}',
      '1 nodes after 0: {_entities{... on Node{__typename}}} by Node id',
      '2 hits after 0 1: {_entities{... on Node{strict}}} by Node id',
    ])
  })
})

describe('documents of requests', () => {
  const one = {
    a: `type Query { a(at: At, n: Int = 1): T  t: [U!] } input At { x: [Int!], s: String } type T { x: Int  y(n: Int): Int }
      union U = V | W type V { f: String } type W { f: String!  g: Int }`,
  }

  test("are the client's own where it is one query to one subgraph", () => {
    const planned = plan(
      one,
      'query Q($n: Int = 3, $s: String) { b: a(at: { x: [1, 2], s: $s }, n: $n) { ...T y2: y(n: 2) __typename } t { __typename ... on W { g } } } fragment T on T { x y }',
    )
    expect(planned.passthrough).toBe(true)
    expect(planned.fetches.map(({ query, variables }) => [query, variables])).toEqual([
      [
        'query($n: Int = 3, $s: String){b: a(at: {x: [1, 2], s: $s}, n: $n){x y y2: y(n: 2) __typename} t{__typename ... on W{g}}}',
        ['n', 's'],
      ],
    ])
  })

  test('are not where a type must be known that the client does not ask for', () => {
    const planned = plan(one, '{ t { ... on W { g } } }')
    expect([planned.passthrough, ...requests(planned)]).toEqual([false, '0 a: {t{__typename ... on W{g}}}'])
  })

  test('have a key for each shape that a field has in the subgraph', () => {
    const sdls = {
      a: one.a,
      b: 'type Query { other: Int } type W { f: String @shareable }'.replace('type W { f: String @shareable }', ''),
    }
    expect(requests(plan(sdls, '{ t { ... on V { f } ... on W { w: f } } }'))).toEqual([
      '0 a: {t{__typename ... on V{f} ... on W{w: f}}}',
    ])
  })

  test('leave out what @skip and @include decide, and introspection', () => {
    const query =
      'query ($yes: Boolean!) { __schema { queryType { name } } a { x @skip(if: $yes) y @include(if: $yes) } }'
    expect(requests(plan(one, query, { variables: { yes: true } }))).toEqual(['0 a: {a{y}}'])
  })

  test("name their own variables differently from the client's", () => {
    const query = 'query ($representations: Int) { topProducts(first: $representations) { inStock } }'
    expect(plan(SHOP, query).fetches.map((fetch) => fetch.lookups.map(({ variable }) => variable))).toEqual([
      [],
      ['representations_'],
    ])
  })
})

describe('mutations', () => {
  const sdls = {
    a: 'type Query { a: Int } type Mutation { one: T  two: T! } type T @key(fields: "id") { id: ID! }',
    b: 'type T @key(fields: "id") { id: ID!  v: Int } type Mutation { three: Int! }',
  }

  test('run field by field, each with what is below it, and end where one that may not be null is', () => {
    const planned = plan(sdls, 'mutation { one { v } three two { id } again: two { v } }')
    expect(planned.fetches.map(({ stage, requiredKey, query }) => [stage, requiredKey, query])).toEqual([
      [0, null, 'mutation{one{id}}'],
      [0, null, 'query($representations: [_Any!]!){_entities(representations: $representations){... on T{v}}}'],
      [1, 'three', 'mutation{three}'],
      [2, 'two', 'mutation{two{id}}'],
      [3, 'again', 'mutation{again: two{id}}'],
      [3, null, 'query($representations: [_Any!]!){_entities(representations: $representations){... on T{v}}}'],
    ])
  })
})

test('a field that gives the query type again leads to the roots of all subgraphs', () => {
  const sdls = {
    a: 'type Query { a: Int } type Mutation { set: Payload } type Payload { n: Int }',
    b: 'type Query { b: Int }',
  }
  const edit = (sdl: string): string => sdl.replace(/type Payload ([^{]*)\{/, 'type Payload $1{ query: Query ')
  expect(requests(plan(sdls, 'mutation { set { query { a b } } }', { edit }))).toEqual([
    '0 a: mutation{set{query{a}}}',
    '1 b after 0: {b}',
  ])
})

describe('subscriptions', () => {
  test('come from one subgraph and the rest is looked up', () => {
    const sdls = {
      a: 'type Query { a: Int } type Subscription { changed: T } type T @key(fields: "id") { id: ID!  w: Int }',
      b: 'type T @key(fields: "id") { id: ID!  v: Int }',
    }
    expect(requests(plan(sdls, 'subscription { changed { v w } }'))).toEqual([
      '0 a: subscription{changed{id w}}',
      '1 b after 0: {_entities{... on T{v}}} by T id',
    ])
  })
})

describe('a progressive @override', () => {
  const sdls = {
    a: 'type Query { t: T } type T @key(fields: "id") { id: ID!  v: Int }',
    b: 'type T @key(fields: "id") { id: ID!  v: Int @override(from: "a", label: "percent(50)") }',
  }

  test('moves the field while its label is active', () => {
    expect(requests(plan(sdls, '{ t { v } }'))).toEqual(['0 a: {t{v}}'])
    expect(requests(plan(sdls, '{ t { v } }', { activeLabel: 'percent(50)' }))).toEqual([
      '0 a: {t{id}}',
      '1 b after 0: {_entities{... on T{v}}} by T id',
    ])
  })
})

test('refuses an operation that grows beyond the limit', () => {
  const wide = `{ ${Array.from({ length: 6_000 }, (_, index) => `a${index}: users { id }`).join(' ')} }`
  expect(() => plan(SHOP, wide)).toThrow(MeshgateError)
})
