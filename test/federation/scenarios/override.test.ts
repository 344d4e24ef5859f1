// @override: the old subgraph is never asked; with a label, one of the two.
import { describeScenarios, type Scenario } from './scenario.ts'

const user: Record<string, unknown> = { __typename: 'User', id: 'u', slug: 's', name: 'N', age: 5, mail: 'm' }
const post: Record<string, unknown> = { __typename: 'Post', id: 'p', title: 'T', author: user, score: 3 }
user['best'] = post
user['full'] = ({ name }: { name: string }) => `${name}!`

const plain: Scenario = {
  subgraphs: {
    a: 'type Query { me: User posts: [Post] } type User @key(fields: "id") { id: ID! name: String age: Int best: Post } type Post @key(fields: "id") { id: ID! title: String author: User }',
    b: `type Query { them: User posts: [Post] @override(from: "a") } type User @key(fields: "id") { id: ID! name: String @override(from: "a") best: Post @override(from: "a") }
      type Post @key(fields: "id") { id: ID! author: User @override(from: "a") score: Int }`,
  },
  data: { roots: { Query: { me: user, them: user, posts: [post, post] } }, entities: [user, post] },
  operations: {
    'a leaf': '{ me { name age } }',
    'an object': '{ me { best { title author { name age } } } }',
    'a root field': '{ posts { title author { age name } } }',
    'from the side that took it over': '{ them { name age best { title score } } }',
  },
}

const keyField: Scenario = {
  subgraphs: {
    a: 'type Query { me: User } type User @key(fields: "slug") @key(fields: "id") { id: ID! slug: String! age: Int }',
    b: 'type User @key(fields: "id") { id: ID! slug: String! @override(from: "a") name: String }',
    c: 'type User @key(fields: "slug") { slug: String! mail: String }',
  },
  data: { roots: { Query: { me: user } }, entities: [user] },
  operations: {
    'a key field that was taken over': '{ me { mail } }',
    'and asked': '{ me { slug mail name age } }',
  },
}

const withRequires: Scenario = {
  subgraphs: {
    a: 'type Query { me: User } type User @key(fields: "id") { id: ID! name: String @external full: String @requires(fields: "name") }',
    b: 'type User @key(fields: "id") { id: ID! name: String @override(from: "c") }',
    c: 'type Query { them: User } type User @key(fields: "id") { id: ID! name: String mail: String }',
  },
  data: { roots: { Query: { me: user, them: user } }, entities: [user] },
  operations: {
    'what is required was taken over': '{ me { full } them { full name mail } }',
  },
}

const labelled = (active: readonly string[]): Scenario => ({
  subgraphs: {
    a: 'type Query { me: User latest: Post } type User @key(fields: "id") { id: ID! name: String age: Int best: Post } type Post @key(fields: "id") { id: ID! title: String }',
    b: `type Query { latest: Post @override(from: "a", label: "age") } type User @key(fields: "id") { id: ID! name: String @override(from: "a", label: "percent(10)") age: Int @override(from: "a", label: "age") best: Post @override(from: "a", label: "age") }
      type Post @key(fields: "id") { id: ID! score: Int }`,
    c: 'type Query { them: User } type User @key(fields: "id") { id: ID! mail: String }',
  },
  data: { roots: { Query: { me: user, them: user, latest: post } }, entities: [user, post] },
  operations: {
    'fields and an object': '{ me { name age best { title score } mail } them { mail name best { score } } }',
    'one at a time': '{ me { name } them { age } }',
    'a root field': '{ latest { title score } me { best { title } } }',
    'the object only': '{ me { best { score } } }',
  },
  active,
})

const onSharedType: Scenario = {
  subgraphs: {
    a: 'type Query { me: User } type User @key(fields: "id") { id: ID! home: Home @shareable } type Home { city: String street: String }',
    b: 'type User @key(fields: "id") { id: ID! home: Home @shareable } type Home { city: String @override(from: "a") }',
  },
  data: (() => {
    const own = { __typename: 'User', id: 'u', home: { city: 'C', street: 'S' } }
    return { roots: { Query: { me: own } }, entities: [own] }
  })(),
  operations: { 'a field of a value type': '{ me { home { city street } } }' },
}

const ofImplementations: Scenario = {
  subgraphs: {
    a: 'type Query { works: [Work] } interface Work { id: ID! made: String } type Film implements Work @key(fields: "id") { id: ID! made: String } type Song implements Work @key(fields: "id") { id: ID! made: String }',
    b: 'type Query { others: [Work] } interface Work { id: ID! made: String } type Film implements Work @key(fields: "id") { id: ID! made: String @override(from: "a") } type Book implements Work @key(fields: "id") { id: ID! made: String }',
  },
  data: (() => {
    const film = { __typename: 'Film', id: 'f', made: 'film' }
    const song = { __typename: 'Song', id: 's', made: 'song' }
    const book = { __typename: 'Book', id: 'b', made: 'book' }
    return { roots: { Query: { works: [film, song, film], others: [film, book] } }, entities: [film, song, book] }
  })(),
  operations: {
    'an interface of which one type was taken over': '{ works { id made } others { made } }',
    'by fragments':
      '{ works { ... on Film { made } ... on Song { made } } others { ... on Work { made __typename } } }',
  },
}

describeScenarios('@override', {
  'of leaves, objects and roots': plain,
  'of a key field': keyField,
  'of what is required': withRequires,
  'with labels that are off': labelled([]),
  'with labels that are on': labelled(['age', 'percent(10)']),
  'with one label on': labelled(['age']),
  'of a value type’s field': onSharedType,
  'of a type that implements an interface': ofImplementations,
})
