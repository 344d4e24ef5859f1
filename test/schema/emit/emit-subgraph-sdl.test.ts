import { buildSubgraphSchema } from '@apollo/subgraph'
import { composeServices } from '@theguild/federation-composition'
import { readFileSync } from 'node:fs'
import { parse, validateSchema } from 'graphql'
import { describe, expect, test } from 'vitest'
import { emitSubgraphSdl } from '../../../schema/emit/emit-subgraph-sdl.ts'
import { productOf } from '../compile.ts'

const domains = ['catalog/products', 'customers/customers', 'sales/orders'].map((domain) => ({
  name: domain.replace('/', '-'),
  sdl: emitSubgraphSdl(
    productOf(readFileSync(new URL(`../../../subgraphs/${domain}/product.graphql`, import.meta.url), 'utf8')),
  ),
}))

const rich = productOf(`
"""
A place where
things are sold.
"""
type Shop @key(fields: "id") @key(fields: "country number", resolvable: false) @shareable
  @source(topic: "tests.shops", key: "id", immutableKeys: true)
  @table(name: "shops", partitionKey: ["id"])
  @table(name: "shops_by_country", partitionKey: ["country"], clusteringKey: ["number", "id"]) {
  id: ID!
  country: String! @tag(name: "public")
  number: Int!
  "Not for everyone."
  secret: String @inaccessible
  old: String @deprecated(reason: "Use country.")
  size: Size
  kind: Kind! @check(id: "retail", oneOf: ["RETAIL"], onFail: WARN)
  opened: Date
  twice: Int! @computed(cel: "number * 2")
  region: Region! @ref(key: "country")
}
"How large."
type Size { width: Int! unit: [Unit!] }
enum Kind {
  "Sells to people."
  RETAIL
  WHOLESALE
}
type Unit { name: String! }
type Region @key(fields: "country") {
  country: String!
  "Shops of the region."
  shops("At most." first: Int, after: String): ShopConnection! @page(table: "shops_by_country")
}
type Query {
  shop(id: ID!): Shop @lookup
  shops(first: Int, after: String): ShopConnection! @scan(table: "shops")
}
type Subscription { shopChanged(country: String): Shop @changes }
`)

test("prints the subgraph, without our directives and with Federation's", () => {
  expect(emitSubgraphSdl(rich)).toMatchInlineSnapshot(`
    "extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@inaccessible", "@key", "@listSize", "@shareable", "@tag"])

    scalar Date

    type Query {
      shop(id: ID!): Shop
      shops(first: Int, after: String, last: Int, before: String): ShopConnection! @listSize(assumedSize: 20, slicingArguments: ["first", "last"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)
    }

    type Subscription {
      shopChanged(country: String): Shop
    }

    """
    A place where
    things are sold.
    """
    type Shop @key(fields: "id") @key(fields: "country number", resolvable: false) @shareable {
      id: ID!
      country: String! @tag(name: "public")
      number: Int!
      """Not for everyone."""
      secret: String @inaccessible
      old: String @deprecated(reason: "Use country.")
      size: Size
      kind: Kind!
      opened: Date
      twice: Int!
      region: Region!
    }

    type Region @key(fields: "country") {
      country: String!
      """Shops of the region."""
      shops(
        """At most."""
        first: Int
        after: String
        last: Int
        before: String
      ): ShopConnection! @listSize(assumedSize: 20, slicingArguments: ["first", "last"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)
    }

    """How large."""
    type Size @shareable {
      width: Int!
      unit: [Unit!]
    }

    type Unit @shareable {
      name: String!
    }

    """A page of Shop."""
    type ShopConnection @shareable {
      edges: [ShopEdge!]!
      nodes: [Shop!]!
      pageInfo: PageInfo!
    }

    type ShopEdge @shareable {
      cursor: String!
      node: Shop!
    }

    """Where a page stands in its connection."""
    type PageInfo @shareable {
      hasNextPage: Boolean!
      hasPreviousPage: Boolean!
      startCursor: String
      endCursor: String
    }

    enum Kind {
      """Sells to people."""
      RETAIL
      WHOLESALE
    }
    "
  `)
})

test('every connection pages backwards, and keeps the default of first', () => {
  const text = (paging: string) =>
    emitSubgraphSdl(
      productOf(`type Thing @key(fields: "id") @source(topic: "tests.things", key: "id") @table(name: "things", partitionKey: ["id"]) { id: ID! }
        type Query { things(${paging}): ThingConnection! @scan(table: "things") }`),
    )
  const expected = '  things(first: Int = 5, after: String, last: Int, before: String): ThingConnection!'
  expect(text('first: Int = 5, after: String')).toContain(expected)
  expect(text('first: Int = 5, after: String, last: Int, before: String')).toContain(expected)
})

test('a field of Query or Subscription keeps its Federation directives', () => {
  const sdl = emitSubgraphSdl(
    productOf(`type Thing @key(fields: "id") @source(topic: "tests.things", key: "id") @table(name: "things", partitionKey: ["id"]) { id: ID! }
      type Query { thing(id: ID!): Thing @lookup @tag(name: "public") }
      type Subscription { thingChanged: Thing! @changes @tag(name: "live") }`),
  )
  expect(sdl).toContain('  thing(id: ID!): Thing @tag(name: "public")')
  expect(sdl).toContain('  thingChanged: Thing! @tag(name: "live")')
})

test('a product without queries is a subgraph too', () => {
  const sdl = emitSubgraphSdl(
    productOf(
      `type Thing @key(fields: "id") @source(topic: "tests.things", key: "id") @table(name: "things", partitionKey: ["id"]) { id: ID! }`,
    ),
  )
  expect(validateSchema(buildSubgraphSchema(parse(sdl)))).toEqual([])
})

test('is a schema that @apollo/subgraph serves', () => {
  for (const sdl of [emitSubgraphSdl(rich), ...domains.map((domain) => domain.sdl)])
    expect(validateSchema(buildSubgraphSchema(parse(sdl)))).toEqual([])
})

describe('composes', () => {
  test('the domains of the sample', () => {
    const result = composeServices(
      domains.map(({ name, sdl }) => ({ name, typeDefs: parse(sdl), url: `http://${name}.example.com` })),
    )
    expect(result.errors).toBeUndefined()
    expect(result.supergraphSdl).toMatch(/orders\([^)]*first: Int[^)]*\): OrderConnection!/)
  })

  test('products that share value types, enums and PageInfo', () => {
    const other = productOf(
      `type Depot @key(fields: "id") @source(topic: "tests.depots", key: "id") @table(name: "depots", partitionKey: ["id"]) {
        id: ID! size: Size kind: Kind }
      type Size { width: Int! unit: [Unit!] }
      type Unit { name: String! }
      enum Kind { RETAIL WHOLESALE }
      type Query { depots(first: Int, after: String): DepotConnection! @scan(table: "depots") }`,
      'depots',
    )
    const result = composeServices(
      [rich, other].map((product) => ({ name: product.name, typeDefs: parse(emitSubgraphSdl(product)) })),
    )
    expect(result.errors).toBeUndefined()
  })
})

test('the same product gives the same text', () => {
  expect(emitSubgraphSdl(rich)).toBe(emitSubgraphSdl(structuredClone(rich)))
})
