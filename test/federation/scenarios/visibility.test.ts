// @inaccessible: what clients never see still keys, types and feeds what they do see.
import { describeScenarios, type Scenario } from './scenario.ts'

const user: Record<string, unknown> = { __typename: 'User', id: 'u', ssn: 's', name: 'N', debt: 5, raw: 2 }
const bot: Record<string, unknown> = { __typename: 'Bot', id: 'b', name: 'B', debt: 0, raw: 1 }
user['risk'] = ({ raw }: { raw: number }) => raw * 10
bot['risk'] = ({ raw }: { raw: number }) => raw * 100

const hiddenKey: Scenario = {
  subgraphs: {
    a: 'type Query { me: User } type User @key(fields: "ssn") { ssn: String! @inaccessible name: String }',
    b: 'type User @key(fields: "ssn") @key(fields: "id") { ssn: String! @inaccessible id: ID! }',
    c: 'type User @key(fields: "id") { id: ID! raw: Int @external debt: Int risk: Int @requires(fields: "raw") }',
    d: 'type User @key(fields: "id") { id: ID! raw: Int @inaccessible }',
  },
  data: { roots: { Query: { me: user } }, entities: [user] },
  operations: {
    'a hidden key': '{ me { name id debt } }',
    'a hidden required field': '{ me { risk } }',
    'the hidden name as an alias': '{ me { ssn: name debt raw: risk } }',
  },
}

const hiddenType: Scenario = {
  subgraphs: {
    a: `type Query { actors: [Actor] named: [Named] } union Actor = User | Bot interface Named { name: String }
      type User implements Named @key(fields: "id") { id: ID! name: String } type Bot implements Named @key(fields: "id") { id: ID! name: String other: Hidden @inaccessible } type Hidden @inaccessible { x: Int }`,
    b: 'type User @key(fields: "id") { id: ID! debt: Int } type Bot @key(fields: "id") { id: ID! debt: Int } interface Ghost @inaccessible { debt: Int } type Ghostly implements Ghost { debt: Int } type Query { ghost: Ghostly }',
  },
  data: { roots: { Query: { actors: [user, bot], named: [bot, user], ghost: { debt: 1 } } }, entities: [user, bot] },
  operations: {
    'types around a hidden one':
      '{ actors { __typename ... on User { debt } ... on Bot { debt } } named { name ... on Bot { debt } } }',
    'a type that implements a hidden interface': '{ ghost { debt __typename } }',
  },
}

const hiddenArgument: Scenario = {
  subgraphs: {
    a: `type Query { find(text: String, secret: Int = 3 @inaccessible, by: By): Int @shareable } input By { name: String = "n" internal: String = "i" @inaccessible } enum Level { LOW TOP @inaccessible }
      extend type Query { level(of: Level = LOW): Level }`,
  },
  data: {
    roots: {
      Query: {
        find: (_: unknown, { text, by }: { text?: string; by?: { name?: string } }) =>
          (text ?? '').length + (by?.name ?? '').length,
        level: (_: unknown, { of }: { of: string }) => of,
      },
    },
  },
  operations: {
    'arguments and input fields that have defaults': '{ find(text: "four") other: find(by: { name: "xy" }) level }',
    'a variable of an input type': [
      'query ($by: By) { find(by: $by) find2: find(text: "", by: $by) }',
      { by: { name: 'abc' } },
    ],
  },
}

describeScenarios('@inaccessible', {
  'keys and required fields': hiddenKey,
  types: hiddenType,
  'arguments, input fields and values': hiddenArgument,
})
