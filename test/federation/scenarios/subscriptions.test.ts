// Subscriptions: the event from one subgraph, all below it joined from the others, for each event.
import { describeScenarios, type Scenario } from './scenario.ts'

const user: Record<string, unknown> = { __typename: 'User', id: 'u', name: 'N', age: 3 }
const bot: Record<string, unknown> = { __typename: 'Bot', id: 'b', name: 'B', version: 2 }
user['adult'] = ({ age }: { age: number }) => age > 17
const message = { __typename: 'Message', id: 'm', text: 't', likes: 2, from: user }

const joined: Scenario = {
  subgraphs: {
    a: `type Query { q: Int } type Subscription { said: Message } type Message @key(fields: "id") { id: ID! text: String from: Sender } union Sender = User | Bot
      type User @key(fields: "id") { id: ID! } type Bot @key(fields: "id") { id: ID! name: String }`,
    b: 'type User @key(fields: "id") { id: ID! name: String age: Int } type Message @key(fields: "id") { id: ID! likes: Int }',
    c: 'type User @key(fields: "id") { id: ID! age: Int @external adult: Boolean @requires(fields: "age") } type Bot @key(fields: "id") { id: ID! version: Int }',
  },
  data: {
    roots: { Query: { q: 1 }, Subscription: { said: [message, { ...message, from: bot }, null, message] } },
    entities: [user, bot, message],
  },
  operations: {
    'only the event': 'subscription { said { id text } }',
    'joined, through a union':
      'subscription { said { text likes from { ... on User { name adult } ... on Bot { name version } } } }',
    'under other names':
      'subscription S($yes: Boolean = true) { event: said { text: id id: likes @include(if: $yes) from { __typename ... on User { id: name } } } }',
    'nothing of the event itself': 'subscription { said { likes } }',
  },
}

const interfaceObject: Scenario = {
  subgraphs: {
    a: 'type Subscription { hit: Media } type Query { q: Int } type Media @interfaceObject @key(fields: "id") { id: ID! hits: Int }',
    b: 'type Query { media: [Media] } interface Media @key(fields: "id") { id: ID! title: String } type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }',
  },
  data: (() => {
    const book = { __typename: 'Book', id: 'b', title: 'T', pages: 3, hits: 9 }
    return { roots: { Query: { q: 1, media: [book] }, Subscription: { hit: [book, book] } }, entities: [book] }
  })(),
  operations: {
    'an event that does not know its type': 'subscription { hit { __typename hits title ... on Book { pages } } }',
  },
}

describeScenarios('a subscription', { 'joined from others': joined, 'of an interface object': interfaceObject })
