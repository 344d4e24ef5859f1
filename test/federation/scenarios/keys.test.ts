// @key: several, composite, nested, unresolvable; and ways that lead through a third subgraph.
import { describeScenarios, type Scenario } from './scenario.ts'

const person = { __typename: 'Person', id: '1', email: 'a@x', tax: 'T1', name: 'Ada', age: 36, city: 'London', debt: 7 }
const other = { __typename: 'Person', id: '2', email: 'b@x', tax: 'T2', name: 'Bob', age: 63, city: 'Paris', debt: 0 }
const people = { roots: { Query: { people: [person, null, other, person], first: person } }, entities: [person, other] }

const throughAThird: Scenario = {
  subgraphs: {
    a: 'type Query { people: [Person] first: Person } type Person @key(fields: "id") { id: ID! name: String }',
    b: 'type Person @key(fields: "id") @key(fields: "email") { id: ID! email: String! age: Int }',
    c: 'type Person @key(fields: "email") @key(fields: "tax") { email: String! tax: String! city: String }',
    d: 'type Person @key(fields: "tax") { tax: String! debt: Int }',
  },
  data: people,
  operations: {
    'one step away': '{ people { name age } }',
    'two steps away': '{ people { city } }',
    'three steps away': '{ people { debt } }',
    'all of them at once': '{ people { debt city age name } first { debt } }',
    'keys under names of other keys': '{ people { id: email email: tax tax: id debt name: age } }',
    'only keys': '{ people { tax email id } }',
  },
}

const composite: Scenario = {
  subgraphs: {
    a: `type Query { seats: [Seat] } type Seat @key(fields: "hall { id row { no } } place") { hall: Hall! place: Int! class: String }
      type Hall { id: ID! @shareable row: Row! @shareable } type Row { no: Int! @shareable }`,
    b: `type Seat @key(fields: "hall { id row { no } } place") { hall: Hall! place: Int! price: Int }
      type Hall { id: ID! @shareable row: Row! @shareable } type Row { no: Int! @shareable }`,
  },
  data: (() => {
    const seats = [1, 2, 3].map((place) => ({
      __typename: 'Seat',
      hall: { id: 'h', row: { no: place % 2 } },
      place,
      class: 'c',
      price: place * 10,
    }))
    return { roots: { Query: { seats } }, entities: seats }
  })(),
  operations: {
    'nested key fields that nobody asked for': '{ seats { price } }',
    'the key nested below an alias of its own field': '{ seats { hall: place place: class price } }',
    'the key asked partly': '{ seats { hall { row { number: no } } price } }',
  },
}

const keyOfEntity: Scenario = {
  subgraphs: {
    a: `type Query { orders: [Order] } type Order @key(fields: "no customer { id }") { no: Int! customer: Customer! total: Int } type Customer @key(fields: "id") { id: ID! }`,
    b: `type Customer @key(fields: "id") { id: ID! name: String last: Order } type Order @key(fields: "no customer { id }") { no: Int! customer: Customer! weight: Int }`,
  },
  data: (() => {
    const customer: Record<string, unknown> = { __typename: 'Customer', id: 'c1', name: 'Eve' }
    const orders = [1, 2].map((no) => ({ __typename: 'Order', no, customer, total: no * 5, weight: no * 3 }))
    customer['last'] = orders[1]
    return { roots: { Query: { orders } }, entities: [customer, ...orders] }
  })(),
  operations: {
    'an entity in another one’s key': '{ orders { weight customer { name } } }',
    'there and back again': '{ orders { customer { last { total weight customer { last { no total } } } } } }',
  },
}

const unresolvable: Scenario = {
  subgraphs: {
    a: 'type Query { posts: [Post] } type Post @key(fields: "id") { id: ID! author: User } type User @key(fields: "id", resolvable: false) { id: ID! }',
    b: 'type Query { users: [User] } type User @key(fields: "id") { id: ID! name: String posts: [Post] } type Post @key(fields: "id", resolvable: false) { id: ID! }',
  },
  data: (() => {
    const user: Record<string, unknown> = { __typename: 'User', id: 'u', name: 'Uma' }
    const posts = ['p', 'q'].map((id) => ({ __typename: 'Post', id, author: user }))
    user['posts'] = posts
    return {
      roots: { Query: { posts: [...posts, { ...posts[0], author: null }], users: [user] } },
      entities: [user, ...posts],
    }
  })(),
  operations: {
    'a reference and its fields': '{ posts { id author { name } } }',
    'a reference only': '{ posts { author { id } } }',
    'across, and across again': '{ users { posts { author { name posts { id author { __typename } } } } } }',
  },
}

const severalKeysOneGraph: Scenario = {
  subgraphs: {
    a: 'type Query { byIsbn: Book byCode: Book } type Book @key(fields: "isbn") @key(fields: "code") { isbn: String code: String title: String }',
    b: 'type Book @key(fields: "isbn") { isbn: String pages: Int }',
    c: 'type Book @key(fields: "code") { code: String price: Int }',
  },
  data: (() => {
    const one = { __typename: 'Book', isbn: '1', code: null, title: 'One', pages: 10, price: null }
    const two = { __typename: 'Book', isbn: null, code: '2', title: 'Two', pages: null, price: 20 }
    return { roots: { Query: { byIsbn: one, byCode: two } }, entities: [one, two] }
  })(),
  operations: {
    'a key that is null is not looked up': '{ byIsbn { title pages price } byCode { title pages price } }',
  },
}

const valueTypeOfKey: Scenario = {
  subgraphs: {
    a: 'type Query { shops: [Shop] } type Shop @key(fields: "country { iso }") { country: Country! name: String } type Country { iso: String! @shareable label: String }',
    b: 'type Shop @key(fields: "country { iso }") { country: Country! stock: Int } type Country { iso: String! @shareable code: Int }',
  },
  data: (() => {
    const shops = ['de', 'fr'].map((iso, at) => ({
      __typename: 'Shop',
      country: { iso, label: iso.toUpperCase(), code: at },
      name: `shop ${iso}`,
      stock: at,
    }))
    return { roots: { Query: { shops } }, entities: shops }
  })(),
  operations: {
    'a field of the key’s value type that only the other knows': '{ shops { name country { label code iso } stock } }',
    'that only': '{ shops { country { code } } }',
  },
}

const recursion: Scenario = {
  subgraphs: {
    a: 'type Query { root: Dir } type Dir @key(fields: "path") { path: String! parent: Dir children: [Dir!]! }',
    b: 'type Dir @key(fields: "path") { path: String! size: Int largest: Dir }',
  },
  data: (() => {
    const dir = (path: string, children: Record<string, unknown>[]): Record<string, unknown> => {
      const own: Record<string, unknown> = { __typename: 'Dir', path, children, size: path.length, parent: null }
      own['largest'] = children.at(-1) ?? null
      for (const child of children) child['parent'] = own
      return own
    }
    const leaves = [dir('/a/x', []), dir('/a/y', []), dir('/b/z', [])]
    const middle = [dir('/a', leaves.slice(0, 2)), dir('/b', leaves.slice(2))]
    const root = dir('/', middle)
    return { roots: { Query: { root } }, entities: [root, ...middle, ...leaves] }
  })(),
  operations: {
    'lists in lists, the same entity at every level':
      '{ root { size children { size parent { size } children { path size largest { size } parent { parent { size path } } } } } }',
    'through the other subgraph and back':
      '{ root { largest { children { largest { path } size } largest { parent { largest { size children { size } } } } } } }',
  },
}

const aliasIsTypeName: Scenario = {
  subgraphs: {
    a: 'type Query { items: [Item] } type Item @key(fields: "id") { id: ID! parts: [Item] legacyId: ID }',
    b: 'type Item @key(fields: "id") { id: ID! name: String owner: Item }',
  },
  data: (() => {
    const item: Record<string, unknown> = { __typename: 'Item', id: 'new', legacyId: 'old', name: 'thing' }
    const part = { __typename: 'Item', id: 'part', legacyId: null, name: 'part', parts: [], owner: item }
    item['parts'] = [part, part]
    item['owner'] = item
    return { roots: { Query: { items: [item] } }, entities: [item, part] }
  })(),
  operations: {
    'an alias that is the type’s name': '{ items { Item: owner { name Item: id } parts { Item: owner { id name } } } }',
    'an alias that is the key': '{ items { id: legacyId name parts { id: legacyId name owner { name } } } }',
    'an alias that is __typename’s neighbour':
      '{ items { _typename: __typename kind: __typename name id: __typename } }',
    'the key twice': '{ items { one: id two: id name } }',
    'keys in named fragments, twice under other names':
      'query { items { ...A ...B } } fragment A on Item { id: legacyId owner { x: name } } fragment B on Item { name owner { id x: name } }',
  },
}

describeScenarios('@key', {
  'a way through subgraphs with other keys': throughAThird,
  'a composite, nested key': composite,
  'a key that contains an entity': keyOfEntity,
  'resolvable: false': unresolvable,
  'several keys, of which one is null': severalKeysOneGraph,
  'a value type that is the key': valueTypeOfKey,
  'an entity that contains itself': recursion,
  'aliases over keys': aliasIsTypeName,
})
