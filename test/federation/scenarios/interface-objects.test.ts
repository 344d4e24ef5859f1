// @interfaceObject and entity interfaces, in both directions.
import { describeScenarios, type Scenario } from './scenario.ts'

const computed = {
  score: ({ title }: { title: string }) => title.length,
  rank: ({ pages }: { pages: number }) => pages * 2,
}
const book: Record<string, unknown> = {
  __typename: 'Book',
  id: 'b',
  title: 'Book',
  pages: 100,
  reviews: ['good', 'bad'],
  hits: 7,
  ...computed,
}
const film: Record<string, unknown> = {
  __typename: 'Film',
  id: 'f',
  title: 'The film',
  minutes: 90,
  reviews: [],
  hits: 0,
  ...computed,
}
const list: Record<string, unknown> = {
  __typename: 'List',
  id: 'l',
  items: [book, null, film, book],
  name: 'List',
  top: film,
}
book['related'] = [film, book]
film['related'] = []
const all = {
  roots: { Query: { media: [book, film], top: [film, book, film], lists: [list] } },
  entities: [book, film, list],
}

const bothWays: Scenario = {
  subgraphs: {
    a: `type Query { media: [Media] } interface Media @key(fields: "id") { id: ID! title: String }
      type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int } type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }`,
    b: `type Query { top: [Media] } type Media @interfaceObject @key(fields: "id") { id: ID! reviews: [String] related: [Media] }`,
    c: 'type Media @interfaceObject @key(fields: "id") { id: ID! hits: Int }',
  },
  data: all,
  operations: {
    'from the interface to its object': '{ media { id title reviews } }',
    'from the object to the interface': '{ top { title reviews } }',
    'to the concrete types': '{ top { ... on Book { pages } ... on Film { minutes } } }',
    '__typename only': '{ top { __typename } }',
    '__typename inside fragments, where it changed the answer elsewhere':
      '{ top { __typename title ... on Book { __typename reviews } } }',
    'fields of the object for one type only': '{ media { ... on Book { reviews } ... on Film { hits } } }',
    'between two interface objects': '{ top { hits reviews } }',
    'two interface objects, by type': '{ top { ... on Film { hits } ... on Book { reviews hits } } }',
    'through an interface object and back':
      '{ media { related { title __typename related { hits ... on Film { minutes } } } } }',
    'the interface’s key only': '{ top { id } }',
    'nothing but a fragment that never matches there': '{ top { ... on Book { id } } }',
    aliases: '{ top { typename: title kind: __typename id: title title: id } }',
  },
}

const behindAnEntity: Scenario = {
  subgraphs: {
    a: `interface Media @key(fields: "id") { id: ID! title: String }
      type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int } type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int } type Query { media: [Media] }`,
    b: 'type Query { lists: [List] } type List @key(fields: "id") { id: ID! items: [Media] top: Media } type Media @interfaceObject @key(fields: "id") { id: ID! }',
    c: 'type Book @key(fields: "id") { id: ID! reviews: [String] } type List @key(fields: "id") { id: ID! name: String }',
  },
  data: all,
  operations: {
    'a list that has nulls': '{ lists { items { title __typename } } }',
    'a field that a third subgraph has for one type':
      '{ lists { items { ... on Book { reviews pages } title } top { __typename } } }',
    'that field alone': '{ lists { name items { ... on Book { reviews } } } }',
  },
}

const withRequires: Scenario = {
  subgraphs: {
    a: `type Query { media: [Media] } interface Media @key(fields: "id") { id: ID! title: String }
      type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int } type Film implements Media @key(fields: "id") { id: ID! title: String }`,
    b: `type Query { top: [Media] } type Media @interfaceObject @key(fields: "id") { id: ID! title: String @external score: Int @requires(fields: "title") }`,
    c: 'type Book @key(fields: "id") { id: ID! pages: Int @external rank: Int @requires(fields: "pages") }',
  },
  data: all,
  operations: {
    'of the interface': '{ media { score } top { score } }',
    'for one type only': '{ media { ... on Book { score } } top { ... on Film { score } } }',
    'of a concrete type, met as the interface object': '{ top { ... on Book { rank } score } }',
    'with what is required asked under other names': '{ top { title: id score id: title } }',
  },
}

const ofTwoInterfaces: Scenario = {
  subgraphs: {
    a: `type Query { media: [Media] } interface Node @key(fields: "id") { id: ID! } interface Media @key(fields: "id") { id: ID! title: String }
      type Book implements Media & Node @key(fields: "id") { id: ID! title: String pages: Int } type Film implements Media & Node @key(fields: "id") { id: ID! title: String }
      type List implements Node @key(fields: "id") { id: ID! name: String }`,
    b: 'type Query { nodes: [Node] } type Node @interfaceObject @key(fields: "id") { id: ID! hits: Int }',
    c: 'type Media @interfaceObject @key(fields: "id") { id: ID! reviews: [String] }',
  },
  data: {
    roots: { Query: { media: [book, film], nodes: [film, { ...list, hits: 1 }, book] } },
    entities: [book, film, Object.assign(list, { hits: 1 })],
  },
  operations: {
    'fields of both': '{ media { ... on Node { hits } reviews title } }',
    'from the wider one': '{ nodes { hits ... on Media { reviews title } ... on List { name } __typename } }',
    'a narrower interface only': '{ nodes { ... on Media { reviews } } }',
  },
}

const withoutInterfaceKey: Scenario = {
  subgraphs: {
    a: 'type Query { media: [Media] } interface Media @key(fields: "id", resolvable: false) { id: ID! } type Book implements Media @key(fields: "id") { id: ID! pages: Int } type Film implements Media @key(fields: "id") { id: ID! minutes: Int }',
    b: 'type Media @interfaceObject @key(fields: "id") { id: ID! hits: Int }',
  },
  data: all,
  operations: {
    'from an interface that cannot be looked up': '{ media { hits ... on Book { pages } ... on Film { hits } } }',
  },
}

const account = { __typename: 'Admin', id: '1', isActive: true, isMain: true, name: 'Ann' }
const user = { __typename: 'User', id: '2', isActive: false, isMain: false, name: 'Bob' }

const sharedWithOneType: Scenario = {
  subgraphs: {
    a: `type Query { accounts: [Account] } interface Account @key(fields: "id") { id: ID! }
      type Admin implements Account @key(fields: "id") { id: ID! isMain: Boolean isActive: Boolean @shareable }
      type User implements Account @key(fields: "id") { id: ID! isMain: Boolean }`,
    b: 'type Query { others: [Account] } type Account @interfaceObject @key(fields: "id") { id: ID! isActive: Boolean @shareable name: String }',
  },
  data: { roots: { Query: { accounts: [account, user], others: [user, account] } }, entities: [account, user] },
  operations: {
    'from the types': '{ accounts { id isActive } }',
    'from the interface object': '{ others { isActive ... on Admin { isMain isActive } } }',
    'for the type that has it itself':
      '{ accounts { ... on Admin { isActive } } others { ... on Admin { isActive } } }',
    'for the type that has it only there': '{ accounts { ... on User { isActive name } } }',
    'under another name for each': '{ accounts { ... on User { a: isActive } ... on Admin { a: isActive isMain } } }',
  },
}

const thing = { __typename: 'Thing', id: 't', size: 3, weight: ({ size }: { size: number }) => size * 2 }

const withoutImplementers: Scenario = {
  subgraphs: {
    a: 'type Query { things: [Thing] } type Thing @interfaceObject @key(fields: "id") { id: ID! size: Int }',
    b: `type Query { box: Box } type Box { thing: Thing } type Thing @interfaceObject @key(fields: "id") { id: ID!
      size: Int @external weight: Int @requires(fields: "size") }`,
  },
  // No subgraph has the interface itself: the composition library makes none of it, others do.
  composed: `
    type Query @join__type(graph: A) @join__type(graph: B) { things: [Thing] @join__field(graph: A) box: Box @join__field(graph: B) }
    type Box @join__type(graph: B) { thing: Thing }
    type Thing @join__type(graph: A, key: "id", isInterfaceObject: true) @join__type(graph: B, key: "id", isInterfaceObject: true) {
      id: ID! size: Int @join__field(graph: A) @join__field(graph: B, external: true) weight: Int @join__field(graph: B, requires: "size") }`,
  data: { roots: { Query: { things: [thing], box: { thing } } }, entities: [thing] },
  operations: {
    'within its subgraph': '{ things { id size } }',
    'from one to the other': '{ things { weight } box { thing { size weight __typename } } }',
  },
}

describeScenarios('@interfaceObject', {
  'both ways': bothWays,
  'behind an entity': behindAnEntity,
  'with @requires': withRequires,
  'of two interfaces': ofTwoInterfaces,
  'of an interface that cannot be looked up': withoutInterfaceKey,
  'with a field that one of the types has as well': sharedWithOneType,
  'of an interface that no type implements': withoutImplementers,
})
