// @shareable: value types spread over subgraphs, roots that several answer, types that differ between them.
import { describeScenarios, type Scenario } from './scenario.ts'

const spreadValueType: Scenario = {
  subgraphs: {
    a: `type Query { users: [User] } type User @key(fields: "id") { id: ID! address: Address @shareable tags: [Tag] @shareable }
      type Address { city: String @shareable street: String geo: Geo @shareable } type Geo { lat: Int @shareable } type Tag { name: String @shareable color: String }`,
    b: `type User @key(fields: "id") { id: ID! address: Address @shareable tags: [Tag] @shareable }
      type Address { city: String @shareable zip: String geo: Geo @shareable } type Geo { lat: Int @shareable lon: Int } type Tag { name: String @shareable weight: Int }`,
    c: 'type User @key(fields: "id") { id: ID! name: String }',
  },
  data: (() => {
    const users = ['1', '2'].map((id) => ({
      __typename: 'User',
      id,
      name: `N${id}`,
      address: id === '2' ? null : { city: 'C', street: 'S', zip: 'Z', geo: { lat: 1, lon: 2 } },
      tags: [{ name: 'x', color: 'red', weight: 1 }, null, { name: 'y', color: 'blue', weight: 2 }],
    }))
    return { roots: { Query: { users } }, entities: users }
  })(),
  operations: {
    'fields of both': '{ users { address { city street zip } } }',
    'two levels down': '{ users { address { geo { lon lat } } name } }',
    'in lists, by position': '{ users { tags { name color weight } } }',
    'only those that lie elsewhere': '{ users { tags { weight } address { geo { lon } } } }',
    'under two names with different fields': '{ users { one: address { zip } two: address { street geo { lon } } } }',
  },
}

const sharedRoot: Scenario = {
  subgraphs: {
    a: 'type Query { product: Product @shareable list: [Product] @shareable } type Product @shareable { id: ID! name: Name } type Name @shareable { a: String }',
    b: 'type Query { product: Product @shareable list: [Product] @shareable } type Product @shareable { id: ID! price: Price } type Price @shareable { b: Int }',
    c: 'type Query { product: Product @shareable list: [Product] @shareable } type Product @shareable { id: ID! category: Category } type Category @shareable { c: Boolean }',
  },
  data: (() => {
    const product = { id: 'p', name: { a: 'A' }, price: { b: 2 }, category: { c: true } }
    return { roots: { Query: { product, list: [product, null, product] } } }
  })(),
  operations: {
    'a root entered three times': '{ product { id name { a } price { b } category { c } } }',
    'a list entered three times': '{ list { name { a } price { b } category { c } id } }',
    'only one of them': '{ product { price { b } } list { category { c } } }',
    'beside itself': '{ x: product { price { b } } y: product { name { a } price { b } } }',
  },
}

const differingTypes: Scenario = {
  subgraphs: {
    a: `type Query { things: [Thing] } interface Named { name: String } type Thing @key(fields: "id") { id: ID! tags: [String!]! @shareable owner: Cat @shareable note: String! @shareable }
      type Cat implements Named @shareable { name: String }`,
    b: `type Query { others: [Thing!] } interface Named { name: String } type Thing @key(fields: "id") { id: ID! tags: [String] @shareable owner: Named @shareable note: String @shareable extra: Int }
      type Cat implements Named @shareable { name: String }`,
  },
  data: (() => {
    const things = ['1', '2'].map((id) => ({
      __typename: 'Thing',
      id,
      tags: ['x'],
      owner: { __typename: 'Cat', name: 'Tom' },
      note: 'n',
      extra: Number(id),
    }))
    return { roots: { Query: { things, others: things } }, entities: things }
  })(),
  operations: {
    'nullability and abstract types that differ':
      '{ things { tags owner { __typename name } note extra } others { tags owner { __typename name } note extra } }',
  },
}

const conflictInOneSubgraph: Scenario = {
  subgraphs: {
    a: `type Query { items: [Item] } union Item = Num | Text | Many type Num { id: ID! value: Int size: Kind } type Text { id: ID! value: String! size: Kind! } type Many { id: ID value: [Int!] size: [Kind] } enum Kind { BIG }`,
  },
  data: {
    roots: {
      Query: {
        items: [
          { __typename: 'Num', id: '1', value: 1, size: 'BIG' },
          { __typename: 'Text', id: '2', value: 'two', size: 'BIG' },
          { __typename: 'Many', id: '3', value: [3], size: ['BIG', null] },
        ],
      },
    },
  },
  operations: {
    'one name for each, chosen by the client':
      '{ items { ... on Num { a: value x: size } ... on Text { b: value y: size } ... on Many { c: value id } } }',
    'names swapped between the types':
      '{ items { ... on Num { value } ... on Text { other: value } ... on Many { third: value } } }',
  },
}

const typesWithoutKey: Scenario = {
  subgraphs: {
    a: 'type Query { page: Page @shareable } type Page @shareable { number: Int items: [Item] } type Item @key(fields: "id") { id: ID! }',
    b: 'type Query { page: Page @shareable } type Page @shareable { number: Int items: [Item] total: Int } type Item @key(fields: "id") { id: ID! name: String }',
  },
  data: (() => {
    const items = ['1', '2'].map((id) => ({ __typename: 'Item', id, name: `n${id}` }))
    return { roots: { Query: { page: { number: 1, items, total: 2 } } }, entities: items }
  })(),
  operations: {
    'a page that only one can give whole': '{ page { number items { name id } total } }',
    'its total': '{ page { total } }',
  },
}

describeScenarios('@shareable', {
  'a value type spread over subgraphs': spreadValueType,
  'a root that several answer': sharedRoot,
  'types that differ': differingTypes,
  'types that one name cannot serve': conflictInOneSubgraph,
  'a connection without a key': typesWithoutKey,
})
