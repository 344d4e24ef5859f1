// @provides and @external: taken only where the path provides it.
import { describeScenarios, type Scenario } from './scenario.ts'

const user: Record<string, unknown> = {
  __typename: 'User',
  id: 'u',
  name: 'Uma',
  mail: 'u@x',
  home: { street: 'S', city: 'C' },
}
const film = { __typename: 'Film', id: 'f', title: 'Film', year: 1999, director: user }
const book = { __typename: 'Book', id: 'b', title: 'Book', year: 2001, director: user }

const nested: Scenario = {
  subgraphs: {
    a: `type Query { top: [Review] @provides(fields: "author { name home { city } }") all: [Review] }
      type Review @key(fields: "id") { id: ID! author: User other: User @provides(fields: "mail") }
      type User @key(fields: "id") { id: ID! name: String @external mail: String @external home: Home @external } type Home { city: String @external }`,
    b: `type User @key(fields: "id") { id: ID! name: String @shareable mail: String @shareable home: Home @shareable }
      type Home { city: String @shareable street: String }`,
  },
  data: (() => {
    const review = { __typename: 'Review', id: 'r', author: user, other: user }
    return { roots: { Query: { top: [review, review], all: [review] } }, entities: [user, review] }
  })(),
  operations: {
    'what is provided': '{ top { author { name home { city } } } }',
    'what is not, below the same field': '{ top { author { name mail home { city street } } } }',
    'the same type on a path that provides nothing': '{ all { author { name } } }',
    'paths that provide different fields':
      '{ all { other { mail name } author { mail } } top { other { mail name } author { name } } }',
    'one list provides, its twin does not': '{ top { author { name } } all { author { name home { city } } } }',
  },
}

const abstract: Scenario = {
  subgraphs: {
    a: `type Query { media: [Media] @provides(fields: "... on Film { title } ... on Book { title year }") plain: [Media] work: Work @provides(fields: "... on Film { title } ... on Book { title }") works: [Work] }
      union Media = Film | Book interface Work { id: ID! title: String }
      type Film implements Work @key(fields: "id") { id: ID! title: String @external }
      type Book implements Work @key(fields: "id") { id: ID! title: String @external year: Int @external }`,
    b: `type Film @key(fields: "id") { id: ID! title: String @shareable year: Int director: User } type User @key(fields: "id") { id: ID! name: String }
      type Book @key(fields: "id") { id: ID! title: String @shareable year: Int @shareable director: User }`,
  },
  data: {
    roots: { Query: { media: [film, book], plain: [book, film], work: film, works: [film, book] } },
    entities: [film, book, user],
  },
  operations: {
    'on a union, by type': '{ media { __typename ... on Film { title year } ... on Book { title year } } }',
    'on a union that does not provide': '{ plain { ... on Film { title year } ... on Book { year } } }',
    'on an interface': '{ work { title } works { id title } }',
    'with what comes from elsewhere':
      '{ media { ... on Book { director { name } title } ... on Film { director { name } } } work { ... on Film { year title } } }',
  },
}

const requiredAndProvided: Scenario = {
  subgraphs: {
    a: `type Query { carts: [Cart] } type Cart { item: Item @provides(fields: "price") gift: Item }
      type Item @key(fields: "id") { id: ID! price: Int @external vat: Int @requires(fields: "price") }`,
    b: 'type Item @key(fields: "id") { id: ID! price: Int @shareable }',
  },
  data: (() => {
    const item = { __typename: 'Item', id: 'i', price: 50, vat: ({ price }: { price: number }) => price / 5 }
    return {
      roots: {
        Query: {
          carts: [
            { item, gift: item },
            { item: null, gift: item },
          ],
        },
      },
      entities: [item],
    }
  })(),
  operations: {
    'required where it is provided, and where it is not': '{ carts { item { vat price } gift { vat } } }',
    'required and provided, alone': '{ carts { item { vat } } }',
  },
}

const keyOnlyReference: Scenario = {
  subgraphs: {
    a: 'type Query { me: User } type User @key(fields: "id") { id: ID! team: Team @provides(fields: "boss { id }") } type Team @key(fields: "no") { no: Int! boss: User @external }',
    b: 'type Team @key(fields: "no") { no: Int! boss: User @shareable name: String } type User @key(fields: "id") { id: ID! name: String }',
  },
  data: (() => {
    const me: Record<string, unknown> = { __typename: 'User', id: 'me', name: 'Me' }
    const team = { __typename: 'Team', no: 1, boss: me, name: 'Team' }
    me['team'] = team
    return { roots: { Query: { me } }, entities: [me, team] }
  })(),
  operations: {
    'a provided reference, and on from there': '{ me { team { boss { id name team { name boss { name } } } } } }',
  },
}

describeScenarios('@provides', {
  'of nested fields': nested,
  'on unions and interfaces': abstract,
  'of what is required': requiredAndProvided,
  'of a reference': keyOnlyReference,
})
