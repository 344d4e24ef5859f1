// What must hold between products.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { checkMesh } from '../../schema/check-mesh.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import { formatDiagnostic } from '../../schema/format-diagnostic.ts'
import type { Product } from '../../schema/model.ts'

function compiled(file: string, text: string): Product {
  const { product, diagnostics } = compileProduct(file, text)
  if (product === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'))
  return product
}

const header = (name: string, rest = '') =>
  `extend schema @product(name: "${name}", domain: "sales", owner: "a@example.com", version: "1.0.0") ${rest}\n`

const entity = (type: string, topic: string, table: string, key = 'ID') =>
  `type ${type} @key(fields: "id") @source(topic: "${topic}", key: "id") @table(name: "${table}", partitionKey: ["id"]) { id: ${key}! }\n`

/** Counts the rows of `Thing` of another product. */
const derived = (type: string, product: string, fields = 'id: ID!') => {
  const name = type.toLowerCase()
  return `input ThingRead @reads(product: "${product}", entity: "Thing") { ${fields} }
type ${type} @key(fields: "id") @source(topic: "sales.${name}s", key: "id") @table(name: "${name}s", partitionKey: ["id"])
  @fold(input: "ThingRead") { id: ID! @group(cel: "id") count: Int! @aggregate(function: COUNT) }\n`
}

const problems = (...products: readonly Product[]) => checkMesh(products).map(formatDiagnostic)

describe('a mesh', () => {
  test('of the sample has nothing wrong with it', () => {
    const subgraphs = fileURLToPath(new URL('../../subgraphs/', import.meta.url))
    const files = globSync('*/*/product.graphql', { cwd: subgraphs }).map((file) => join(subgraphs, file))
    const products = files.map((file) => compiled(file, readFileSync(file, 'utf8')))
    expect(checkMesh(products)).toEqual([])
    expect(products.length).toBeGreaterThan(3)
  })

  test('has each product, entity, table and topic once', () => {
    const first = compiled('a.graphql', header('orders') + entity('Order', 'sales.orders', 'orders'))
    const second = compiled('b.graphql', header('orders') + entity('Order', 'sales.orders', 'orders'))
    expect(problems(first, second)).toEqual([
      'b.graphql:1:1 MESH_DUPLICATE The product "sales/orders" is sales/orders\'s already (a.graphql:1).\n  Rename it in sales/orders.',
      'b.graphql:2:6 MESH_DUPLICATE The entity "Order" is sales/orders\'s already (a.graphql:2).\n  Rename it in sales/orders.',
      'b.graphql:2:6 MESH_DUPLICATE The topic "sales.orders" is sales/orders\'s already (a.graphql:2).\n  Rename it in sales/orders.',
      'b.graphql:2:73 MESH_DUPLICATE The table "orders" is sales/orders\'s already (a.graphql:2).\n  Rename it in sales/orders.',
    ])
  })

  test('warns of an entity that nobody owns, and of a product that is not there', () => {
    const text = `${header('orders')}${derived('Order', 'sales/carts')}
type Customer @key(fields: "id", resolvable: false) { id: ID! }`
    expect(problems(compiled('a.graphql', text))).toEqual([
      'a.graphql:2:7 MESH_PRODUCT_UNKNOWN (warning) sales/orders reads "sales/carts", which the mesh does not have.\n  Add the product, or mend the name in @reads.',
      'a.graphql:6:6 MESH_ENTITY_UNOWNED (warning) No product of the mesh owns "Customer": what refers to it finds only its key.\n  Add the product that owns it, or mend the name.',
    ])
  })

  test("refuses a key that is not the owner's, at the entity and at every reference", () => {
    const owner = compiled('b.graphql', header('customers') + entity('Customer', 'sales.customers', 'customers', 'Int'))
    const text = `${header('orders')}
type Order @key(fields: "id") @source(topic: "sales.orders", key: "id") @table(name: "orders", partitionKey: ["id"]) {
  id: ID!
  customerId: ID!
  customer: Customer! @ref(key: "customerId")
}
type Customer @key(fields: "id", resolvable: false) { id: ID! }`
    const message =
      'MESH_KEY_MISMATCH "Customer" has the key (id: ID) here and (id: Int) at its owner (b.graphql:2).\n  Declare the key as the owner does: id: Int.'
    expect(problems(compiled('a.graphql', text), owner)).toEqual([
      `a.graphql:6:3 ${message}`,
      `a.graphql:8:6 ${message}`,
    ])
  })

  const withTypes = (name: string, type: string, types: string) =>
    compiled(
      `${name}.graphql`,
      `${header(name)}type ${type} @key(fields: "id") @source(topic: "sales.${name}", key: "id") @table(name: "${name}", partitionKey: ["id"]) { id: ID! place: Place }\n${types}`,
    )

  test.each([
    ['type Place { x: Float! }', 'type Place { x: Float }', null],
    ['enum Place { X }', 'enum Place { X Y }', null],
    ['type Place { x: Float }', 'type Place { x: Float y: Float }', 'The value type "Place" has "y" here and not in'],
    [
      'type Place { x: Float y: Float }',
      'type Place { x: Float }',
      'The value type "Place" lacks "y" here and has it in',
    ],
    [
      'type Place { x: [Float] }',
      'type Place { x: Decimal }',
      'The value type "Place" has "x" of type Decimal here and [Float] in',
    ],
    ['enum Place { X }', 'type Place { x: Float }', '"Place" is a value type here and an enum in'],
  ])('of %s beside %s', (first, second, difference) => {
    const found = checkMesh([withTypes('a', 'A', first), withTypes('b', 'B', second)])
    expect(found.map(({ code, message, location }) => `${location.file}:${location.line} ${code} ${message}`)).toEqual(
      difference === null ? [] : [`b.graphql:3 MESH_TYPE_MISMATCH ${difference} sales/a (a.graphql:3).`],
    )
  })

  test('has each root field and each page of a foreign entity once, unless it is shareable', () => {
    const serving = (name: string, type: string, shared = '') =>
      compiled(
        `${name}.graphql`,
        `${header(name)}${entity(type, `sales.${name}`, name)}
type Shop @key(fields: "id") { id: ID! all(first: Int, after: String): ${type}Connection! @page(table: "${name}", key: ["id"]) ${shared} }
type Query { thing(id: ID!): ${type} @lookup ${shared} }
type Subscription { changed: ${type} @changes ${shared} }`,
      )
    const owner = compiled('shops.graphql', header('shops') + entity('Shop', 'sales.shops', 'shops'))
    expect(problems(owner, serving('a', 'A', '@shareable'), serving('b', 'B', '@shareable'))).toEqual([])
    expect(problems(owner, serving('a', 'A'), serving('b', 'B')).map((text) => text.split('\n')[0])).toEqual([
      'b.graphql:4:40 MESH_DUPLICATE The field "Shop.all" is sales/a\'s already (a.graphql:4).',
      'b.graphql:5:14 MESH_DUPLICATE The field "Query.thing" is sales/a\'s already (a.graphql:5).',
      'b.graphql:6:21 MESH_DUPLICATE The field "Subscription.changed" is sales/a\'s already (a.graphql:6).',
    ])
  })

  describe('in which products read one another', () => {
    const owner = compiled(
      'owner.graphql',
      `${header('things')}enum Status { OPEN CLOSED }
type Part { amount: Decimal! note: String }
type Thing @key(fields: "id at") @source(topic: "sales.things", key: "id") @table(name: "things", partitionKey: ["id"], clusteringKey: ["at"]) {
  id: ID!
  at: Date!
  name: String
  status: Status!
  count: Int!
  total: Decimal! @computed(cel: "decimal(count)")
  parts: [Part]
  other: Other @ref(key: "id")
}
type Other @key(fields: "id", resolvable: false) { id: ID! }`,
    )
    const others = compiled('others.graphql', header('others') + entity('Other', 'sales.others', 'others'))
    const reading = (fields: string, rest = '', reads = 'entity: "Thing", key: ["id", "at"]') =>
      compiled(
        'reader.graphql',
        `${header('counts')}input ThingRead @reads(product: "sales/things", ${reads}) { id: ID! at: Date! ${fields} }
${rest}
type Count @key(fields: "id") @source(topic: "sales.counts", key: "id") @table(name: "counts", partitionKey: ["id"])
  @fold(input: "ThingRead") { id: ID! @group(cel: "id") count: Int! @aggregate(function: COUNT) }`,
      )
    const nested = 'input PartRead { amount: Decimal! }'

    test.each([
      ['', ''],
      ['name: String status: Status! total: Decimal!', 'enum Status { OPEN CLOSED GONE }'],
      ['status: String! count: Float!', ''],
      ['status: ID total: Decimal', ''],
      ['parts: [PartRead]', nested],
      ['parts: [PartRead]', 'input PartRead { amount: Decimal note: String }'],
    ])('the fields "%s" fit the owner (%s)', (fields, rest) => {
      expect(problems(owner, others, reading(fields, rest))).toEqual([])
    })

    test.each([
      [
        'nam: String',
        '',
        '"ThingRead.nam" is read, and "Thing" of sales/things has no such field with values.\n  Write "name".',
      ],
      ['name: String!', '', '"ThingRead.name" is never null here, and at "Thing" of sales/things it may be.\n  Write its type without "!".'],
      ['other: ID', '', '"ThingRead.other" is read, and "Thing" of sales/things has no such field with values.\n  Read one of id, at, name, status, count, total, parts, or remove it.'],
      ['count: String!', '', '"ThingRead.count" is of type String, and at "Thing" of sales/things of type Int.\n  Read it as Int.'],
      ['total: Float!', '', '"ThingRead.total" is of type Float, and at "Thing" of sales/things of type Decimal.\n  Read it as Decimal.'],
      ['status: Float!', '', '"ThingRead.status" is of type Float, and at "Thing" of sales/things of type Status.\n  Read it as Status, or String.'],
      ['status: Status!', 'enum Status { OPEN }', '"ThingRead.status" may be CLOSED at sales/things, which the enum "Status" here does not have.\n  Add CLOSED to the enum, or read the field as String.'],
      ['parts: [PartRead!]', nested, '"ThingRead.parts" is of type [PartRead], and at "Thing" of sales/things of type [Part].\n  Read it as [an input type with fields of "Part"].'],
      ['parts: [PartRead]', 'input PartRead { amount: Int! }', '"PartRead.amount" is of type Int, and at "Part" of sales/things of type Decimal.\n  Read it as Decimal.'],
      ['parts: [PartRead]', 'input PartRead { note: String! }', '"PartRead.note" is never null here, and at "Part" of sales/things it may be.\n  Write its type without "!".'],
    ])('the field "%s" (%s) does not fit the owner', (fields, rest, problem) => {
      const line = rest.startsWith('input') && problem.startsWith('"PartRead') ? 3 : 2
      const found = problems(owner, others, reading(fields, rest))
      expect(found).toEqual([expect.stringMatching(new RegExp(`^reader\\.graphql:${line}:\\d+ MESH_READ_MISMATCH `))])
      expect(found[0]).toContain(problem)
    }) // prettier-ignore

    test("the entity and its key are the owner's", () => {
      const message = (fields: string, reads: string) => problems(owner, others, reading(fields, '', reads))[0]
      expect(message('', 'entity: "Thing", key: ["at", "id"]')).toBe(
        'reader.graphql:2:7 MESH_READ_MISMATCH "ThingRead" has the key (at, id), and "Thing" at sales/things (id, at).\n  Write key: ["id", "at"] in @reads, and read these fields.',
      )
      expect(message('', 'entity: "Thin"')).toBe(
        'reader.graphql:2:7 MESH_READ_MISMATCH sales/things has no entity "Thin".\n  Write "Thing".',
      )
      expect(message('', 'entity: "Other"')).toBe(
        'reader.graphql:2:7 MESH_READ_MISMATCH sales/things refers to "Other" and does not own it.\n  Name the product that owns it.',
      )
    })

    const chained = (type: string, product: string, from: string) =>
      `input ${type}From @reads(product: "${product}", entity: "${from}") { id: ID! }
type ${type} @key(fields: "id") @source(topic: "sales.${type.toLowerCase()}s", key: "id") @table(name: "${type.toLowerCase()}s", partitionKey: ["id"])
  @fold(input: "${type}From") { id: ID! @group(cel: "id") }\n`

    test('an entity may be derived from others of its own product, and not from itself', () => {
      const base = entity('A', 'sales.as', 'as')
      expect(problems(compiled('a.graphql', header('a') + base + chained('B', 'sales/a', 'A')))).toEqual([])
      expect(problems(compiled('a.graphql', header('a') + chained('A', 'sales/a', 'A')))).toEqual([
        'a.graphql:2:7 MESH_CYCLE sales/a.A is derived from itself: sales/a.A → sales/a.A.\n  Derive one of them from what comes before both.',
      ])
    })

    test('a circle through other products is told at all that is read around it', () => {
      const first = compiled('a.graphql', header('a') + chained('A', 'sales/b', 'B') + chained('C', 'sales/b', 'D'))
      const second = compiled('b.graphql', header('b') + chained('B', 'sales/a', 'A') + entity('D', 'sales.ds', 'ds'))
      const fix = 'Derive one of them from what comes before both.'
      expect(problems(first, second)).toEqual([
        `a.graphql:2:7 MESH_CYCLE sales/a.A is derived from itself: sales/a.A → sales/b.B → sales/a.A.\n  ${fix}`,
        `b.graphql:2:7 MESH_CYCLE sales/b.B is derived from itself: sales/b.B → sales/a.A → sales/b.B.\n  ${fix}`,
      ])
    })
  })

  test("has each reference that is added to another product's entity once", () => {
    const adding = (name: string, type: string) =>
      compiled(
        `${name}.graphql`,
        `${header(name)}${entity(type, `sales.${name}`, name)}
type Shop @key(fields: "id") { id: ID! plan: ${type} @ref(key: "id") }`,
      )
    const owner = compiled('shops.graphql', header('shops') + entity('Shop', 'sales.shops', 'shops'))
    expect(problems(owner, adding('a', 'A'))).toEqual([])
    expect(problems(owner, adding('a', 'A'), adding('b', 'B')).map((text) => text.split('\n')[0])).toEqual([
      'b.graphql:4:40 MESH_DUPLICATE The field "Shop.plan" is sales/a\'s already (a.graphql:4).',
    ])
  })

  describe('of which rows end by themselves', () => {
    const sensors = (ttl: string) =>
      compiled(
        'a.graphql',
        `${header('sensors')}type Thing @key(fields: "id") @source(topic: "sales.things", key: "id")
  @table(name: "things", partitionKey: ["id"]${ttl}) { id: ID!  at: DateTime! }\n`,
      )
    const hours = (window: string, fold = '') =>
      compiled(
        'b.graphql',
        `${header('hours')}input ThingRead @reads(product: "sales/sensors", entity: "Thing") { id: ID!  at: DateTime! }
type Hour @key(fields: "id hour") @source(topic: "sales.hours", key: "id") @table(name: "hours", partitionKey: ["id"], clusteringKey: ["hour"])
  @fold(input: "ThingRead", time: "at"${fold}) ${window} {
  id: ID! @group(cel: "id")
  hour: DateTime! ${window === '' ? '@group(cel: "at")' : '@windowStart'}
  count: Int! @aggregate(function: COUNT)
}\n`,
      )
    const ends = 'b.graphql:4:3 MESH_READ_ENDS Rows of "Thing" of sales/sensors end after P10D, which no change tells'
    const stay = 'or say that what ended rows contributed stays counted: @fold(endedStay: true).'

    test('is derived from by windows that are closed before them', () => {
      expect(problems(sensors(', ttl: "P10D"'), hours('@window(size: "P1D", keptFor: "P8D")'))).toEqual([])
    })

    test('refuses windows that are closed after them, or never', () => {
      expect(problems(sensors(', ttl: "P10D"'), hours('@window(size: "P1D", keptFor: "P9D")'))).toEqual([
        `${ends}, and windows of "Hour" take what comes late up to P10D after they begin; a fold that begins anew needs P1D more.\n  Write a keptFor of at most P8D, ${stay}`,
      ])
      expect(problems(sensors(', ttl: "P10D"'), hours('@window(size: "P1D")'))).toEqual([
        `${ends}, and windows of "Hour" are never closed.\n  Write a keptFor of at most P8D, ${stay}`,
      ])
      expect(problems(sensors(', ttl: "P1D"'), hours('@window(size: "P1D")'))[0]).toContain(
        `Let the table keep its rows for longer, ${stay}`,
      )
    })

    test('refuses what is folded without windows, unless it is said that what ended stays', () => {
      expect(problems(sensors(', ttl: "P10D"'), hours(''))).toEqual([
        `${ends}: "Hour" would hold what ended or not.\n  Fold them by @window(size:, keptFor:), ${stay}`,
      ])
      expect(problems(sensors(', ttl: "P10D"'), hours('', ', endedStay: true'))).toEqual([])
      expect(problems(sensors(''), hours(''))).toEqual([])
    })

    test('refuses to join them', () => {
      const text = `${header('joined')}input ThingRead @reads(product: "sales/sensors", entity: "Thing") { id: ID! }
input OrderRead @reads(product: "sales/orders", entity: "Order") { id: ID! }
type Joined @key(fields: "id") @source(topic: "sales.joined", key: "id") @table(name: "joined", partitionKey: ["id"])
  @fold(input: "OrderRead") @join(input: "ThingRead", as: "thing", key: ["id"]) {
  id: ID! @group(cel: "thing.id")
  count: Int! @aggregate(function: COUNT)
}\n`
      const orders = compiled('o.graphql', header('orders') + entity('Order', 'sales.orders', 'orders'))
      expect(problems(sensors(', ttl: "P10D"'), orders, compiled('b.graphql', text))).toEqual([
        'b.graphql:5:3 MESH_READ_ENDS Rows of "Thing" of sales/sensors end after P10D, which no change tells: rows of "Joined" would be joined with what ended or not.\n  Fold them as an input of their own, or let the table keep its rows.',
      ])
    })
  })
})
