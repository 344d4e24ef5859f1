// Arguments, variables, enums and input types, as they travel to subgraphs that see them differently.
import { describeScenarios, type Scenario } from './scenario.ts'

const echo = (_: unknown, values: unknown): string => JSON.stringify(values)
const item = {
  __typename: 'Item',
  id: 'i',
  echo,
  other: echo,
  price: (_: unknown, { in: unit = 'EUR' }: { in?: string }) => unit.length,
  kind: 'A',
}

const inputs: Scenario = {
  subgraphs: {
    a: `type Query { item(id: ID): Item echo(in: In, list: [In!], flag: Boolean = true, any: Any, deep: [[Int]]): String } scalar Any
      input In { a: Int = 1 b: [String] c: In level: Level = LOW extraA: Int } enum Level { LOW HIGH MIDDLE } type Item @key(fields: "id") { id: ID! echo(in: In, n: Int! = 5): String }`,
    b: `type Query { copy(in: In): String } input In { a: Int = 1 b: [String] c: In level: Level = LOW } enum Level { LOW HIGH }
      type Item @key(fields: "id") { id: ID! other(in: In, ids: [ID!]): String price(in: Currency): Int } enum Currency { EUR USD }`,
  },
  data: { roots: { Query: { item: () => item, echo, copy: echo } }, entities: [item] },
  operations: {
    'literals with defaults and nulls':
      '{ echo(in: { b: ["x", null], c: { a: null } }, list: [{ level: HIGH }]) copy(in: { c: { c: { a: 2 } } }) }',
    'a single value for a list': [
      'query ($b: [String], $in: [In!]) { echo(in: { b: $b }, list: $in) }',
      { b: 'one', in: { a: 3 } },
    ],
    'variables that are not given': [
      'query ($in: In, $flag: Boolean, $n: Int) { echo(in: $in, flag: $flag) copy(in: { a: $n }) }',
      {},
    ],
    'variables that are null': [
      'query ($in: In, $n: Int) { echo(in: $in) copy(in: { a: $n }) }',
      { in: null, n: null },
    ],
    'variables with defaults': [
      'query ($in: In = { a: 9 }, $flag: Boolean = false) { echo(in: $in, flag: $flag) }',
      {},
    ],
    'variables within literals, below an entity': [
      'query ($id: ID!, $s: String, $l: Level) { item { echo(in: { b: [$s, "y"], level: $l }) other(in: { c: { b: [$s] } }, ids: [$id]) } }',
      { id: 7, s: 'x', l: 'HIGH' },
    ],
    'one field with different arguments':
      '{ item { a: other(ids: ["1"]) b: other(ids: ["2"]) price dollar: price(in: USD) } }',
    'variables named like what a gateway adds': [
      'query ($representations: [ID!], $representations0: String, $r: Int, $r0: Int) { item { other(ids: $representations, in: { b: [$representations0], a: $r }) price } echo(in: { a: $r0 }) }',
      { representations: ['x'], representations0: 'y', r: 1, r0: 2 },
    ],
    'custom scalars in literals and variables': [
      'query ($any: Any, $part: Int) { echo(any: $any) other: echo(any: { a: [1, { b: $part }], c: ENUM, d: "s" }) }',
      { any: { x: [1, 'y', null, { z: true }] }, part: 4 },
    ],
    'lists of lists': [
      'query ($deep: [[Int]], $n: Int) { echo(deep: $deep) one: echo(deep: [[1, $n], null, []]) two: echo(deep: 1) }',
      { deep: [[1], null] },
    ],
    'strings that need escaping':
      '{ item { other(ids: ["\\"quoted\\"", """block "text" \\n"""], in: { b: "\\u00e9\\n" }) } }',
  },
}

const enums: Scenario = {
  subgraphs: {
    a: 'type Query { item: Item of(kind: In): Kind } enum Kind { A B } enum In { X Y } type Item @key(fields: "id") { id: ID! kind: Kind @shareable }',
    b: 'type Query { of2(kind: In): Int } enum Kind { A B C } enum In { X Y Z } type Item @key(fields: "id") { id: ID! kind: Kind @shareable other: Kind }',
  },
  data: {
    roots: {
      Query: {
        item: { ...item, other: 'C' },
        of: () => 'B',
        of2: (_: unknown, { kind }: { kind: string }) => kind.length,
      },
    },
    entities: [{ ...item, other: 'C' }],
  },
  operations: { 'values that only one has': '{ item { kind other } of(kind: X) of2(kind: Y) }' },
}

describeScenarios('inputs', { 'arguments and variables': inputs, 'enums that differ': enums })
