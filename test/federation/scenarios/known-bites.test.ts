// Combinations that other gateways are known to have answered wrongly or not at all (their public issue trackers).
import { describeScenarios, type Scenario } from './scenario.ts'

const art = (_: unknown, { size }: { size?: string }): string => `art ${size}`
const gallery = { __typename: 'Gallery', id: 'g', title: 'Gallery', art }
const collection = { __typename: 'Collection', id: 'c', title: 'Collection', art }

const nestedUnions: Scenario = {
  subgraphs: {
    a: `type Query { search: [Result] } union Result = Movie | Article union Section = Collection | Gallery
      type Movie @key(fields: "id") { id: ID! sections: [Section] } type Article @key(fields: "id") { id: ID! sections: [Section] }
      type Collection @key(fields: "id") { id: ID! } type Gallery @key(fields: "id") { id: ID! }`,
    b: 'type Query { b: Int } type Collection @key(fields: "id") { id: ID! title: String art(size: String): String } type Gallery @key(fields: "id") { id: ID! art(size: String): String }',
  },
  data: {
    roots: {
      Query: {
        b: 1,
        search: [
          { __typename: 'Movie', id: '1', sections: [collection, gallery] },
          { __typename: 'Article', id: '2', sections: [gallery, collection, null] },
        ],
      },
    },
    entities: [gallery, collection],
  },
  operations: {
    'other arguments in each branch': [
      `query ($movie: String, $article: String) { search { ... on Movie { sections { ... on Collection { title art(size: $movie) } ... on Gallery { art(size: $movie) } } }
        ... on Article { sections { ... on Gallery { art(size: $article) } ... on Collection { art(size: $article) title } } } } }`,
      { movie: 'big', article: 'small' },
    ],
  },
}

const stubBesideUnion: Scenario = {
  subgraphs: {
    a: 'type Query { one: Merged c: C } union Merged = A | B type A { a: String } type B @shareable { b: String } type C @key(fields: "id", resolvable: false) { id: String! }',
    b: 'type Query { two: Merged } union Merged = B | C type B @shareable { b: String } type C @key(fields: "id") { id: String! more: Int }',
  },
  data: (() => {
    const c = { __typename: 'C', id: 'c', more: 1 }
    return { roots: { Query: { one: { __typename: 'B', b: 'b' }, two: c, c } }, entities: [c] }
  })(),
  operations: {
    'a type that the subgraph knows, and not as a member':
      '{ one { ... on A { a } ... on B { b } ... on C { id more } } two { ... on A { a } ... on C { more } } c { more } }',
    'only that': '{ one { ... on C { id } } }',
  },
}

const sharedMutation: Scenario = {
  subgraphs: {
    a: 'type Query { q: Int } type Mutation { save: Saved @shareable } type Saved @shareable { ok: Boolean } extend type Saved { code: Int @shareable }',
    b: 'type Mutation { save: Saved @shareable } type Saved @shareable { ok: Boolean code: Int item: Item } type Item @key(fields: "id") { id: ID! }',
    c: 'type Item @key(fields: "id") { id: ID! name: String }',
  },
  data: (() => {
    const item = { __typename: 'Item', id: 'i', name: 'I' }
    return { roots: { Query: { q: 1 }, Mutation: { save: { ok: true, code: 2, item } } }, entities: [item] }
  })(),
  operations: {
    'from the only one that can answer it whole': 'mutation { save { ok code item { name } } }',
    'twice, each whole': 'mutation { save { code } again: save { item { id } ok } }',
  },
}

const nullBelow: Scenario = {
  subgraphs: {
    a: 'type Query { a: A! list: [A!]! } type A @key(fields: "id") { id: ID! b: B bs: [B] nested: [[B]] } type B @key(fields: "id") { id: ID! }',
    b: 'type B @key(fields: "id") { id: ID! title: String! size: Int @external weight: Int! @requires(fields: "size") }',
    c: 'type B @key(fields: "id") { id: ID! size: Int }',
  },
  data: (() => {
    const b = { __typename: 'B', id: 'b', title: 'B', size: 2, weight: ({ size }: { size: number }) => size * 2 }
    const empty = { __typename: 'A', id: '1', b: null, bs: [null, null], nested: [] }
    const full = { __typename: 'A', id: '2', b, bs: [null, b, null, b], nested: [[b, null], null, [], [null], [b]] }
    return { roots: { Query: { a: empty, list: [empty, full] } }, entities: [b, empty, full] }
  })(),
  operations: {
    'an optional entity that is not there, with fields that must be': '{ a { id b { title weight } } }',
    'nulls in lists, and in lists of lists': '{ list { b { title } bs { title weight } nested { title weight } } }',
  },
}

const enumsByType: Scenario = {
  subgraphs: {
    a: `type Query { get: [Common] } interface Common { id: ID! } enum EA { A1 } enum EB { B1 } enum EC { C1 }
      type TA implements Common @key(fields: "id") { id: ID! field: EA! } type TB implements Common @key(fields: "id") { id: ID! field: EB! } type TC implements Common @key(fields: "id") { id: ID! field: EC! }`,
    b: `type TA @key(fields: "id") { id: ID! other: Int } type TB @key(fields: "id") { id: ID! other: String } type TC @key(fields: "id") { id: ID! other: [Int] }`,
  },
  data: (() => {
    const all = [
      { __typename: 'TA', id: 'a', field: 'A1', other: 1 },
      { __typename: 'TB', id: 'b', field: 'B1', other: 'one' },
      { __typename: 'TC', id: 'c', field: 'C1', other: [1] },
    ]
    return { roots: { Query: { get: all } }, entities: all }
  })(),
  operations: {
    'aliases of the client for some of the types':
      '{ get { id ... on TA { field } ... on TB { one: field } ... on TC { two: field } } }',
    'in a lookup, for every type another':
      '{ get { ... on TA { other x: field } ... on TB { o2: other } ... on TC { o3: other field } } }',
    'under a condition': [
      'query ($no: Boolean!) { get { ... on TA @include(if: $no) { field other } ... on TB { id @skip(if: $no) more: other @include(if: $no) } } }',
      { no: false },
    ],
  },
}

const externalKeyOfStub: Scenario = {
  subgraphs: {
    a: 'type Query { cart: [Bundle] } extend type Bundle @key(fields: "code") { code: String! @external name: String }',
    b: 'type Query { bundles: [Bundle] } type Bundle @key(fields: "code") { code: String! category: String }',
  },
  data: (() => {
    const bundles = ['x', 'y'].map((code) => ({ __typename: 'Bundle', code, name: `n${code}`, category: `c${code}` }))
    return { roots: { Query: { cart: bundles, bundles } }, entities: bundles }
  })(),
  operations: {
    'a key that is external where the object comes from': '{ cart { code name category } bundles { name code } }',
    'that key only': '{ cart { code } }',
  },
}

const sameEntityManyPlaces: Scenario = {
  subgraphs: {
    a: 'type Query { me: User } type User @key(fields: "id") { id: ID! best: User team: [User!]! }',
    b: 'type User @key(fields: "id") { id: ID! name: String role: Role } type Role @key(fields: "no") { no: Int! }',
    c: 'type Role @key(fields: "no") { no: Int! title: String holders: [User] } type User @key(fields: "id", resolvable: false) { id: ID! }',
  },
  data: (() => {
    const role: Record<string, unknown> = { __typename: 'Role', no: 1, title: 'T' }
    const users = ['1', '2'].map((id): Record<string, unknown> => ({ __typename: 'User', id, name: `N${id}`, role }))
    for (const user of users) Object.assign(user, { best: users[1], team: [...users, ...users] })
    role['holders'] = [users[0], null]
    return { roots: { Query: { me: users[0] } }, entities: [role, ...users] }
  })(),
  operations: {
    'other fields of the same entity in each place':
      '{ me { name best { role { title } } team { name role { no } best { name role { title holders { name best { id name } } } } } } }',
    'the same selection everywhere':
      '{ me { role { title } best { role { title } best { role { title } } } team { role { title } } } }',
  },
}

const memberForUnion: Scenario = {
  subgraphs: {
    a: 'type Query { best: Medium @shareable } union Medium = Book | Film type Book @key(fields: "id") { id: ID! } type Film @key(fields: "id") { id: ID! }',
    b: 'type Query { best: Book @shareable books: [Book] } type Book @key(fields: "id") { id: ID! title: String }',
    c: 'type Film @key(fields: "id") { id: ID! minutes: Int }',
  },
  data: (() => {
    const book = { __typename: 'Book', id: 'b', title: 'B' }
    return { roots: { Query: { best: book, books: [book] } }, entities: [book] }
  })(),
  operations: {
    'a fragment on the member': '{ best { ... on Book { id title } } }',
    'a fragment on what it cannot be there': '{ best { __typename ... on Film { minutes } } }',
    both: '{ best { ... on Film { id minutes } ... on Book { title } } books { title } }',
  },
}

const wideInterface: Scenario = {
  subgraphs: {
    a: `type Query { nodes: [Node] named: [Named] } interface Node { id: ID! } interface Named implements Node { id: ID! name: String }
      type Cat implements Named & Node @key(fields: "id") { id: ID! name: String } type Stone implements Node @key(fields: "id") { id: ID! }`,
    b: 'type Cat @key(fields: "id") { id: ID! lives: Int } type Stone @key(fields: "id") { id: ID! mass: Int }',
  },
  data: (() => {
    const cat = { __typename: 'Cat', id: 'c', name: 'Tom', lives: 9 }
    const stone = { __typename: 'Stone', id: 's', mass: 5 }
    return { roots: { Query: { nodes: [stone, cat], named: [cat, null] } }, entities: [cat, stone] }
  })(),
  operations: {
    'the narrower within the wider': '{ nodes { id ... on Named { name ... on Cat { lives } } } }',
    'the wider within the narrower': '{ named { ... on Node { id ... on Cat { lives } ... on Stone { mass } } } }',
    'types of each': '{ nodes { ... on Stone { mass } ... on Cat { lives name } __typename } }',
  },
}

describeScenarios('known elsewhere:', {
  'unions below unions': nestedUnions,
  'a member where others say the union': memberForUnion,
  'an interface that implements another': wideInterface,
  'a stub beside a union': stubBesideUnion,
  'a mutation that two share': sharedMutation,
  'nulls below': nullBelow,
  'enums that differ by type': enumsByType,
  'an external key of an extension': externalKeyOfStub,
  'one entity in many places': sameEntityManyPlaces,
})
