// Supergraphs that our composition refuses and others make: a general gateway serves them too.
import { describeScenarios, type Scenario } from './scenario.ts'

const user: Record<string, unknown> = { __typename: 'User', id: 'u', name: 'N', age: 4 }
const query: Record<string, unknown> = { me: user, count: 3 }
query['self'] = query
const result = { done: true, query, user }

/** Relay's payloads lead back to the query type, whose fields are in other subgraphs. */
const rootInPayload: Scenario = {
  subgraphs: {
    a: 'type Query { me: User self: Query } type Mutation { do: Result } type Result { done: Boolean query: Query user: User } type User @key(fields: "id") { id: ID! name: String }',
    b: 'type Query { count: Int } type User @key(fields: "id") { id: ID! age: Int }',
  },
  composed: `
    type Query @join__type(graph: A) @join__type(graph: B) { me: User @join__field(graph: A) self: Query @join__field(graph: A) count: Int @join__field(graph: B) }
    type Mutation @join__type(graph: A) { do: Result }
    type Result @join__type(graph: A) { done: Boolean query: Query user: User }
    type User @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! name: String @join__field(graph: A) age: Int @join__field(graph: B) }`,
  data: { roots: { Query: query, Mutation: { do: result } }, entities: [user] },
  operations: {
    'a query below a mutation, in its own subgraph': 'mutation { do { done query { me { name age } } } }',
    'a query below a mutation, in another': 'mutation { do { done query { count me { age } } user { age } } }',
    'a query below a query': '{ self { count me { name } self { count __typename } } count }',
  },
}

const labelAndRequires: Scenario = {
  subgraphs: {
    a: 'type Query { me: User } type Mutation { q: Int } type User @key(fields: "id") { id: ID! name: String }',
    b: 'type User @key(fields: "id") { id: ID! name: String @override(from: "a", label: "new") }',
    c: 'type User @key(fields: "id") { id: ID! name: String @external full: String @requires(fields: "name") }',
  },
  composed: `
    type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) { me: User @join__field(graph: A) }
    type Mutation @join__type(graph: A) { q: Int }
    type User @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") { id: ID!
      name: String @join__field(graph: A, overrideLabel: "new") @join__field(graph: B, override: "a", overrideLabel: "new") @join__field(graph: C, external: true)
      full: String @join__field(graph: C, requires: "name") }`,
  data: {
    roots: { Query: { me: user }, Mutation: { q: 1 } },
    entities: [Object.assign(user, { full: ({ name }: { name: string }) => `${name}!` })],
  },
  operations: { 'what is required': '{ me { full } }', both: '{ me { name full } }' },
}

/** As Apollo composes a key field that is external in one subgraph of each type. */
const externalKeys: Scenario = {
  subgraphs: {
    a: 'type Query { account: Account node: Node } type Mutation { q: Int } interface Node { id: ID! } type Account implements Node @key(fields: "id") { id: ID! username: String } type Chat implements Node @key(fields: "id") { id: ID! @external account: Account }',
    b: 'type Query { chat: Chat } interface Node { id: ID! } type Account implements Node @key(fields: "id") { id: ID! @external chats: [Chat] } type Chat implements Node @key(fields: "id") { id: ID! text: String }',
  },
  composed: `
    interface Node @join__type(graph: A) @join__type(graph: B) { id: ID! }
    type Query @join__type(graph: A) @join__type(graph: B) { account: Account @join__field(graph: A) node: Node @join__field(graph: A) chat: Chat @join__field(graph: B) }
    type Mutation @join__type(graph: A) { q: Int }
    type Account implements Node @join__implements(graph: A, interface: "Node") @join__implements(graph: B, interface: "Node") @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
      id: ID! @join__field(graph: A) @join__field(graph: B, external: true) username: String @join__field(graph: A) chats: [Chat] @join__field(graph: B) }
    type Chat implements Node @join__implements(graph: A, interface: "Node") @join__implements(graph: B, interface: "Node") @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
      id: ID! @join__field(graph: A, external: true) @join__field(graph: B) account: Account @join__field(graph: A) text: String @join__field(graph: B) }`,
  data: (() => {
    const account: Record<string, unknown> = { __typename: 'Account', id: 'a', username: 'A' }
    const chat = { __typename: 'Chat', id: 'c', text: 't', account }
    account['chats'] = [chat, chat]
    return { roots: { Query: { account, node: account, chat }, Mutation: { q: 1 } }, entities: [account, chat] }
  })(),
  operations: {
    'there and back':
      '{ account { chats { id text account { id username chats { text } } } } chat { account { id } } }',
    // `id` of the interface itself is refused: of a chat it is only a reference there.
    'through the interface': '{ node { ... on Account { id chats { id account { username } } } } }',
  },
}

describeScenarios('a supergraph of another composition', {
  'with the query type in a payload': rootInPayload,
  'with a label on what is required, off': labelAndRequires,
  'with a label on what is required, on': { ...labelAndRequires, active: ['new'] },
  'with external key fields': externalKeys,
})
