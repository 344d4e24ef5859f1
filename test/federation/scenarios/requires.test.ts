// @requires: arguments, nested selections, chains, conflicts, and where the required comes from.
import { describeScenarios, type Scenario } from './scenario.ts'

type Box = { weight: number; size: number; price: number; toll: number; tax: number; mass: number }

const boxes = ['1', '2'].map((id) => ({
  __typename: 'Box',
  id,
  vin: `V${id}`,
  weight: Number(id) * 10,
  price: Number(id) * 100,
  mass: Number(id) * 7,
  size: (_: unknown, { unit }: { unit: string }) => (unit === 'CM' ? 100 : 1) * Number(id),
  cost: (box: Box) => box.weight * 2,
  label: (box: Box, { prefix = '' }: { prefix?: string }) => `${prefix}${box.price}/${box.weight}`,
  parcel: (box: Box) => `${box.size}`,
  letter: (box: Box) => `${box.size}!`,
  toll: (box: Box) => box.mass + 1,
  tax: (box: Box) => box.toll * 2,
  sum: (box: Box) => box.tax + box.toll,
}))
const [box, box2] = boxes
const roots = { Query: { boxes: [box, null, box2, box], box, mine: boxes } }

const plain: Scenario = {
  subgraphs: {
    a: 'type Query { boxes: [Box] box: Box } type Box @key(fields: "id") { id: ID! weight: Int price: Int @shareable }',
    b: `type Query { mine: [Box] } type Box @key(fields: "id") { id: ID! weight: Int @external price: Int @external
      cost: Int @requires(fields: "weight") label(prefix: String): String @requires(fields: "price weight") }`,
  },
  data: { roots, entities: boxes },
  operations: {
    'from where the required is': '{ boxes { cost } }',
    'from the field’s own subgraph': '{ mine { cost label } }',
    'with arguments and under several names': '{ boxes { label one: label(prefix: "1 ") two: label(prefix: "2 ") } }',
    'aliases over what is required': '{ boxes { weight: id price: cost cost: label id: weight } }',
    'what is required is asked too, under another name': '{ mine { w: weight cost price: weight label } }',
    'one under a condition, the other not': [
      'query ($yes: Boolean!, $no: Boolean!) { boxes { cost @include(if: $no) label @skip(if: $no) price @include(if: $yes) } }',
      { yes: true, no: false },
    ],
  },
}

const belowOwnGraph: Scenario = {
  subgraphs: {
    a: 'type Query { users: [User] } type User @key(fields: "id") { id: ID! price: Int }',
    b: 'type User @key(fields: "id") { id: ID! price: Int @external friends: [User] ship: Int @requires(fields: "price") }',
  },
  data: (() => {
    const user = (id: string): Record<string, unknown> => ({
      __typename: 'User',
      id,
      price: Number(id),
      ship: ({ price }: { price: number }) => price * 3,
    })
    const users = [user('1'), user('2'), user('3')]
    for (const each of users) each['friends'] = users.filter((friend) => friend !== each)
    return { roots: { Query: { users } }, entities: users }
  })(),
  operations: {
    'below an entity that came from the field’s own subgraph': '{ users { friends { ship } } }',
    'at every level': '{ users { ship friends { ship friends { price ship } } } }',
  },
}

const chainByOtherKeys: Scenario = {
  subgraphs: {
    a: 'type Query { boxes: [Box] } type Box @key(fields: "id") @key(fields: "vin") { id: ID! vin: String! }',
    b: 'type Box @key(fields: "vin") { vin: String! mass: Int }',
    c: 'type Box @key(fields: "vin") { vin: String! mass: Int @external toll: Int @requires(fields: "mass") }',
    d: 'type Box @key(fields: "id") { id: ID! toll: Int @external tax: Int @requires(fields: "toll") }',
    e: 'type Box @key(fields: "id") { id: ID! tax: Int @external toll: Int @external sum: Int @requires(fields: "tax toll") }',
  },
  data: { roots, entities: boxes },
  operations: {
    'two steps': '{ boxes { tax } }',
    'three steps, and what lies between': '{ boxes { sum toll mass } }',
    'three steps only': '{ boxes { sum } }',
  },
}

const chainInOneGraph: Scenario = {
  subgraphs: {
    a: 'type Query { boxes: [Box] } type Box @key(fields: "id") { id: ID! toll: Int @requires(fields: "mass") mass: Int @external sum: Int @requires(fields: "tax") tax: Int @external }',
    b: 'type Query { mine: [Box] } type Box @key(fields: "id") { id: ID! mass: Int toll: Int @external tax: Int @requires(fields: "toll") }',
  },
  data: {
    roots,
    entities: boxes.map((each) => Object.assign(each, { sum: ({ tax }: Box) => tax + 1 })),
  },
  operations: {
    'there, back and there again': '{ boxes { sum } mine { sum } }',
    'with all that lies between': '{ boxes { mass toll tax sum } mine { toll tax } }',
  },
}

const withArguments: Scenario = {
  subgraphs: {
    a: 'type Query { boxes: [Box] } enum Unit { CM M } type Box @key(fields: "id") { id: ID! size(unit: Unit!): Int }',
    b: `type Query { mine: [Box] } enum Unit { CM M } type Box @key(fields: "id") { id: ID! size(unit: Unit!): Int @external
      parcel: String @requires(fields: "size(unit: CM)") letter: String @requires(fields: "size(unit: M)") }`,
  },
  data: { roots, entities: boxes },
  operations: {
    'one value': '{ boxes { parcel } }',
    'two values of one argument': '{ boxes { parcel letter } }',
    'two values, and the client’s own': [
      'query ($unit: Unit!) { boxes { size(unit: $unit) parcel letter other: size(unit: M) } mine { letter parcel } }',
      { unit: 'CM' },
    ],
  },
}

type Part = { __typename: string; mm?: number; inch?: number; maker?: { name: string } }

const nested: Scenario = {
  subgraphs: {
    a: `type Query { cars: [Car] } type Car @key(fields: "id") { id: ID! parts: [Part] engine: Engine owner: Owner }
      union Part = Wheel | Door type Wheel { mm: Int maker: Maker } type Door { inch: Int maker: Maker }
      type Maker @key(fields: "id") { id: ID! } type Engine { power: Power } type Power { kw: Int } type Owner @key(fields: "id") { id: ID! }`,
    b: `type Car @key(fields: "id") { id: ID! parts: [Part] @external engine: Engine @external owner: Owner @external
        sizes: [Int] @requires(fields: "parts { ... on Wheel { mm } ... on Door { inch } }")
        makers: String @requires(fields: "parts { __typename ... on Wheel { maker { name } } ... on Door { maker { name } } }")
        ps: Int @requires(fields: "engine { power { kw } }")
        greeting: String @requires(fields: "owner { name }") }
      union Part = Wheel | Door type Wheel { mm: Int @external maker: Maker @external } type Door { inch: Int @external maker: Maker @external }
      type Maker @key(fields: "id", resolvable: false) { id: ID! name: String @external } type Engine { power: Power @external } type Power { kw: Int @external }
      type Owner @key(fields: "id", resolvable: false) { id: ID! name: String @external }`,
    c: 'type Maker @key(fields: "id") { id: ID! name: String } type Owner @key(fields: "id") { id: ID! name: String }',
  },
  data: (() => {
    const maker = { __typename: 'Maker', id: 'm', name: 'Acme' }
    const owner = { __typename: 'Owner', id: 'o', name: 'Olga' }
    const computed = {
      sizes: ({ parts }: { parts: Part[] }) => parts.map(({ mm, inch }) => mm ?? (inch ?? 0) * 25),
      makers: ({ parts }: { parts: Part[] }) => parts.map((each) => `${each.__typename}:${each.maker?.name}`).join(),
      ps: ({ engine }: { engine: { power: { kw: number } } | null }) => engine && Math.round(engine.power.kw * 1.36),
      greeting: ({ owner: given }: { owner: { name: string } }) => `hello ${given.name}`,
    }
    const wheel = { __typename: 'Wheel', mm: 500, maker }
    const door = { __typename: 'Door', inch: 40, maker }
    const first = {
      __typename: 'Car',
      id: '1',
      parts: [wheel, door, wheel],
      engine: { power: { kw: 100 } },
      owner,
      ...computed,
    }
    const second = { __typename: 'Car', id: '2', parts: [], engine: null, owner, ...computed }
    return { roots: { Query: { cars: [first, second] } }, entities: [maker, owner, first, second] }
  })(),
  operations: {
    'fragments on a union in a list': '{ cars { sizes } }',
    'fields of entities below the fragments, from a third subgraph': '{ cars { makers } }',
    'objects in objects, one of them null': '{ cars { ps engine { power { watts: kw } } } }',
    'a field of an entity that lives elsewhere': '{ cars { greeting } }',
    'everything, with aliases over the required':
      '{ cars { sizes makers ps greeting parts: id engine: ps owner { name: id id: name } } }',
  },
}

const conflictInFragments: Scenario = {
  subgraphs: {
    a: `type Query { boxes: [Holder] } type Holder @key(fields: "id") { id: ID! thing: Thing } union Thing = Num | Text
      type Num { value: Int } type Text { value: String! }`,
    b: `type Holder @key(fields: "id") { id: ID! thing: Thing @external text: String @requires(fields: "thing { ... on Num { value } ... on Text { value } }") }
      union Thing = Num | Text type Num { value: Int @external } type Text { value: String! @external }`,
  },
  data: (() => {
    const text = ({ thing }: { thing: { value: unknown } }): string => `<${String(thing.value)}>`
    const holders = [
      { __typename: 'Holder', id: '1', thing: { __typename: 'Num', value: 5 }, text },
      { __typename: 'Holder', id: '2', thing: { __typename: 'Text', value: 'five' }, text },
    ]
    return { roots: { Query: { boxes: holders } }, entities: holders }
  })(),
  operations: {
    'types whose fields cannot be selected under one name': '{ boxes { text } }',
    'beside the client’s own names':
      '{ boxes { text thing { ... on Num { n: value value: __typename } ... on Text { s: value } } } }',
  },
}

const ownKeyField: Scenario = {
  subgraphs: {
    a: 'type Query { boxes: [Thing] } type Thing @key(fields: "id") { id: ID! code: String @shareable }',
    b: 'type Thing @key(fields: "id") { id: ID! code: String @external full: String @requires(fields: "code") next: Thing }',
    c: 'type Thing @key(fields: "code") @key(fields: "id") { id: ID! code: String @shareable stock: Int } ',
  },
  data: (() => {
    const full = ({ code }: { code: string }): string => `full ${code}`
    const things: Record<string, unknown>[] = [1, 2].map((at) => ({
      __typename: 'Thing',
      id: `${at}`,
      code: `C${at}`,
      stock: at,
      full,
    }))
    for (const [at, thing] of things.entries()) thing['next'] = things[1 - at]
    return { roots: { Query: { boxes: things } }, entities: things }
  })(),
  operations: {
    'what is required is another one’s key': '{ boxes { next { full stock next { full } } } }',
  },
}

const sharedRequired: Scenario = {
  subgraphs: {
    a: 'type Query { boxes: [Thing] } type Thing @key(fields: "id") { id: ID! price: Int @shareable }',
    b: 'type Query { mine: [Thing] } type Thing @key(fields: "id") { id: ID! price: Int @shareable }',
    c: 'type Thing @key(fields: "id") { id: ID! price: Int @external due: Int @requires(fields: "price") }',
  },
  data: (() => {
    const thing = { __typename: 'Thing', id: '1', price: 3, due: ({ price }: { price: number }) => price + 1 }
    return { roots: { Query: { boxes: [thing, thing], mine: [thing] } }, entities: [thing] }
  })(),
  operations: { 'what several share': '{ boxes { due } mine { due price } }' },
}

const nullRequired: Scenario = {
  subgraphs: {
    a: 'type Query { boxes: [Thing] } type Thing @key(fields: "id") { id: ID! price: Int }',
    b: 'type Thing @key(fields: "id") { id: ID! price: Int @external due: String @requires(fields: "price") }',
  },
  data: (() => {
    const due = ({ price }: { price: number | null }): string => `due ${price}`
    const things = [null, 0, 1].map((price, at) => ({ __typename: 'Thing', id: `${at}`, price, due }))
    return { roots: { Query: { boxes: things } }, entities: things }
  })(),
  operations: { 'a required value that is null is sent as null': '{ boxes { id due price } }' },
}

const nestedArguments: Scenario = {
  subgraphs: {
    a: 'type Query { shelves: [Shelf] } type Shelf @key(fields: "id") { id: ID! items: [Item] }  type Item @key(fields: "id") { id: ID! }',
    b: `type Shelf @key(fields: "id") { id: ID! items: [Item] @external
        inCm: [Int] @requires(fields: "items { size(unit: CM) }") inMm: [Int] @requires(fields: "items { size(unit: MM) }")
        named: [String] @requires(fields: "items { name size(unit: MM) }") }
      type Item @key(fields: "id", resolvable: false) { id: ID! size(unit: Unit): Int @external name: String @external } enum Unit { CM MM }`,
    c: 'type Item @key(fields: "id") { id: ID! size(unit: Unit): Int name: String } enum Unit { CM MM }',
  },
  data: (() => {
    const item = (id: string): Record<string, unknown> => ({
      __typename: 'Item',
      id,
      name: `item ${id}`,
      size: (_: unknown, { unit }: { unit: string }) => Number(id) * (unit === 'MM' ? 10 : 1),
    })
    const items = [item('1'), item('2')]
    type Given = { items: { size: number; name: string }[] }
    const shelf = {
      __typename: 'Shelf',
      id: 's',
      items,
      inCm: (given: Given) => given.items.map(({ size }) => size),
      inMm: (given: Given) => given.items.map(({ size }) => size),
      named: (given: Given) => given.items.map(({ size, name }) => `${name}: ${size}`),
    }
    return { roots: { Query: { shelves: [shelf, shelf] } }, entities: [...items, shelf] }
  })(),
  operations: {
    'each sees its own': '{ shelves { inCm inMm } }',
    'where the client asks the same field in another way':
      '{ shelves { items { size(unit: CM) mm: size(unit: MM) } inMm inCm named } }',
    'two that agree, one that does not': '{ shelves { named inMm inCm } }',
  },
}

describeScenarios('@requires', {
  'of plain fields': plain,
  'below an entity of the field’s own subgraph': belowOwnGraph,
  'in a chain through other keys': chainByOtherKeys,
  'in a chain between two': chainInOneGraph,
  'with arguments': withArguments,
  'of nested things': nested,
  'of nested things with other arguments': nestedArguments,
  'of fields that cannot be selected together': conflictInFragments,
  'of what is another one’s key': ownKeyField,
  'of what several share': sharedRequired,
  'of null': nullRequired,
})
