// What clients write: conditions, fragments, aliases, introspection beside data; mutations in order.
import { describeScenarios, type Scenario } from './scenario.ts'

const user: Record<string, unknown> = { __typename: 'User', id: 'u', name: 'N', mail: 'm', age: 3 }
user['friends'] = [user, user]
user['old'] = ({ age }: { age: number }) => age > 2

const mesh = {
  a: 'type Query { me: User users: [User!]! } type User @key(fields: "id") { id: ID! name: String friends: [User!]! }',
  b: 'type Query { count: Int! } type User @key(fields: "id") { id: ID! mail: String age: Int }',
  c: 'type User @key(fields: "id") { id: ID! age: Int @external old: Boolean @requires(fields: "age") }',
}
const data = { roots: { Query: { me: user, users: [user, user], count: 7 } }, entities: [user] }

const conditions: Scenario = {
  subgraphs: mesh,
  data,
  operations: {
    'a whole subgraph left out': [
      'query ($no: Boolean!) { me { name mail @include(if: $no) } count @skip(if: $no) }',
      { no: false },
    ],
    'nothing left': ['query ($no: Boolean!) { me @include(if: $no) { name } }', { no: false }],
    'an object with nothing left': [
      'query ($no: Boolean!) { me { mail @include(if: $no) ... @include(if: $no) { name } } }',
      { no: false },
    ],
    'the same field in and out': [
      'query ($no: Boolean!) { me { mail @include(if: $no) mail name @skip(if: $no) } me @include(if: $no) { age } }',
      { no: false },
    ],
    'on fragments': [
      'query ($yes: Boolean = true, $no: Boolean!) { me { ...F @include(if: $yes) ... on User @skip(if: $no) { old } } } fragment F on User { age @skip(if: $yes) mail }',
      { no: false },
    ],
    'both on one field': [
      'query ($yes: Boolean!, $no: Boolean!) { users { old @include(if: $yes) @skip(if: $no) age @include(if: $yes) @skip(if: $yes) } }',
      { yes: true, no: false },
    ],
    literals: '{ me { name @skip(if: true) mail @include(if: false) age @skip(if: false) old @include(if: true) } }',
  },
}

const shapes: Scenario = {
  subgraphs: mesh,
  data,
  operations: {
    'the same field merged from several places':
      'query Q { me { friends { name } ...F } ...R } fragment F on User { friends { mail friends { age } } } fragment R on Query { me { friends { friends { name } old } } users { old } }',
    'one root field under several names':
      '{ one: me { name } two: me { mail } three: me { friends { old } } __typename }',
    'aliases swapped across subgraphs': '{ me { name: mail mail: name age: id id: age old: __typename friends: old } }',
    'names on the prototype':
      '{ me { __proto__: mail constructor: name toString: age valueOf: id hasOwnProperty: old } }',
    'only __typename': '{ __typename t: __typename me { __typename } }',
    'introspection beside data':
      '{ me { mail } __type(name: "User") { name fields { name } } s: __schema { queryType { name } } }',
    'the order of fields, whoever answers them':
      '{ count users { old name age mail id __typename } me { mail id age name } }',
    'a named operation': 'query B { me { old } }',
    'anonymous fragments that nest': '{ ... { ... on Query { me { ... { ... on User { mail ... { name } } } } } } }',
  },
}

function counting(): Scenario {
  const account = { __typename: 'Account', id: 'x', owner: user }

  const next = (_: unknown, { by }: { by: number }): unknown => ({ ...account, total: by, currency: 'EUR' })
  return {
    subgraphs: {
      a: 'type Query { q: Int } type Mutation { add(by: Int!): Account } type Account @key(fields: "id") { id: ID! total: Int owner: User } type User @key(fields: "id", resolvable: false) { id: ID! }',
      b: 'type Query { me: User } type Mutation { rename(name: String!): User note: String } type User @key(fields: "id") { id: ID! name: String mail: String }',
      c: 'type Account @key(fields: "id") { id: ID! currency: String }',
    },
    data: {
      roots: {
        Query: { q: 1, me: user },
        Mutation: { add: next, rename: (_: unknown, { name }: { name: string }) => ({ ...user, name }), note: 'n' },
      },
      entities: [{ ...account, currency: 'EUR' }, user],
    },
    operations: {
      'in two subgraphs, one after the other':
        'mutation { add(by: 1) { total } rename(name: "Z") { name } again: add(by: 2) { total } note }',
      'with entities below':
        'mutation { add(by: 1) { total currency owner { name mail } } rename(name: "Z") { mail } }',
      'under several names': [
        'mutation M($by: Int!) { one: add(by: $by) { total } two: add(by: 4) { id total } __typename }',
        { by: 2 },
      ],
      'in fragments':
        'mutation { ...M } fragment M on Mutation { note ... on Mutation { add(by: 3) { id owner { mail } } } }',
    },
  }
}

describeScenarios('an operation', { 'with conditions': conditions, 'of any shape': shapes, 'that mutates': counting() })
