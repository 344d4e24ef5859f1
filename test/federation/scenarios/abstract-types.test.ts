// Interfaces and unions whose members differ by subgraph.
import { describeScenarios, type Scenario } from './scenario.ts'

const cat: Record<string, unknown> = { __typename: 'Cat', id: 'c', name: 'Tom', lives: 9, meow: 'mew', weight: 4 }
const dog: Record<string, unknown> = { __typename: 'Dog', id: 'd', name: 'Rex', age: 3, bark: 'wow', weight: 20 }
const fish: Record<string, unknown> = { __typename: 'Fish', id: 'f', name: 'Bo', age: 1, weight: 1 }
const home = { __typename: 'Home', id: 'h', pets: [cat, dog, null, cat], first: dog }
cat['friend'] = dog
dog['friend'] = cat
fish['friend'] = null
const data = {
  roots: { Query: { pets: [cat, dog], animals: [fish, dog], any: [cat, home, dog], homes: [home] } },
  entities: [cat, dog, fish, home],
}

const interfaces: Scenario = {
  subgraphs: {
    a: `type Query { pets: [Pet] homes: [Home] } interface Pet { id: ID! name: String friend: Pet } type Home @key(fields: "id") { id: ID! pets: [Pet] first: Pet }
      type Cat implements Pet @key(fields: "id") { id: ID! name: String @shareable friend: Pet lives: Int } type Dog implements Pet @key(fields: "id") { id: ID! name: String @shareable friend: Pet }`,
    b: `type Query { animals: [Animal] } interface Animal { id: ID! age: Int } interface Pet { id: ID! name: String }
      type Dog implements Animal & Pet @key(fields: "id") { id: ID! name: String @shareable age: Int bark: String } type Fish implements Animal & Pet @key(fields: "id") { id: ID! name: String @shareable age: Int }`,
    c: 'interface Heavy { weight: Int } type Cat implements Heavy @key(fields: "id") { id: ID! weight: Int meow: String } type Dog implements Heavy @key(fields: "id") { id: ID! weight: Int } type Fish @key(fields: "id") { id: ID! friend: Fish }',
  },
  data,
  operations: {
    'a field that only one subgraph has on the interface': '{ pets { name friend { name } } }',
    'types that implement an interface only elsewhere': '{ pets { ... on Heavy { weight } ... on Animal { age } } }',
    'an interface that no type here has there': '{ animals { id ... on Heavy { weight } ... on Pet { name } } }',
    'concrete types in concrete types':
      '{ pets { ... on Cat { friend { ... on Dog { bark friend { ... on Cat { meow } } } } } } }',
    'fragments in fragments that exclude each other':
      '{ pets { ... on Pet { ... on Cat { lives ... on Heavy { weight } } ... on Dog { ... on Animal { age } } } } }',
    'the same key for different fields':
      '{ pets { ... on Cat { x: meow y: lives } ... on Dog { x: bark y: weight } } }',
    'a list with nulls': '{ homes { pets { __typename name ... on Heavy { weight } } first { ... on Dog { bark } } } }',
    'only __typename': '{ pets { __typename } animals { kind: __typename } }',
  },
}

const unions: Scenario = {
  subgraphs: {
    a: `type Query { any: [Any] homes: [Home] } union Any = Cat | Home | Dog type Cat @key(fields: "id") { id: ID! name: String } type Dog @key(fields: "id") { id: ID! } type Home @key(fields: "id") { id: ID! first: Any }`,
    b: `type Query { animals: [Any] } union Any = Fish | Dog type Fish @key(fields: "id") { id: ID! age: Int } type Dog @key(fields: "id") { id: ID! age: Int bark: String }`,
    c: 'type Cat @key(fields: "id") { id: ID! lives: Int friend: Dog } type Dog @key(fields: "id") { id: ID! name: String } type Fish @key(fields: "id") { id: ID! name: String }',
  },
  data,
  operations: {
    'members of one subgraph': '{ any { ... on Cat { name lives } ... on Dog { bark name } ... on Home { id } } }',
    'members that the subgraph does not know':
      '{ any { __typename ... on Fish { age } ... on Dog { age } } animals { ... on Cat { name } ... on Fish { name } } }',
    'nothing that the subgraph knows': '{ animals { ... on Cat { lives } ... on Home { id } } }',
    nested: '{ homes { first { ... on Dog { name bark } } } any { ... on Cat { friend { bark } } } }',
  },
}

const sharedUnionRoot: Scenario = {
  subgraphs: {
    a: 'type Query { found: [Found] @shareable } union Found = Song | Film type Song @shareable { id: ID! title: String } type Film @shareable { id: ID! }',
    b: 'type Query { found: [Found] @shareable } union Found = Song | Film type Song @shareable { id: ID! length: Int } type Film @shareable { id: ID! year: Int }',
  },
  data: {
    roots: {
      Query: {
        found: [
          { __typename: 'Song', id: 's', title: 'T', length: 3 },
          { __typename: 'Film', id: 'f', year: 2000 },
        ],
      },
    },
  },
  operations: {
    'a union entered twice': '{ found { __typename ... on Song { title length } ... on Film { year } } }',
    'only from the second': '{ found { ... on Song { length } } }',
  },
}

const sameFragmentTwice: Scenario = {
  subgraphs: {
    a: `type Query { card: Card! other: CardLike! } interface PlayerLike { id: Int! slug: String! } interface CardLike { id: Int! player: PlayerLike! next: CardLike }
      type Player implements PlayerLike @key(fields: "id") { id: Int! slug: String! } type Card implements CardLike { id: Int! player: Player! next: CardLike }`,
    b: 'type Player @key(fields: "id") { id: Int! name: String! }',
  },
  data: (() => {
    const player = { __typename: 'Player', id: 1, slug: 'p-1', name: 'P' }
    const card: Record<string, unknown> = { __typename: 'Card', id: 2, player }
    card['next'] = card
    return { roots: { Query: { card, other: card } }, entities: [player] }
  })(),
  operations: {
    'fragments on a type and on its interface that overlap':
      'query { card { ...A ...B } other { ...B } } fragment A on Card { player { id name } } fragment B on CardLike { ...C id } fragment C on CardLike { player { ...D } next { ...A } } fragment D on PlayerLike { slug ... on Player { name } }',
  },
}

const entityInterfaceBelow: Scenario = {
  subgraphs: {
    a: 'type Query { items: [Item] } type Item @key(fields: "id") { id: ID! detail: Detail } interface Detail { text: String } type Long implements Detail { text: String pages: [Page] } type Short implements Detail { text: String } type Page @key(fields: "no") { no: Int! }',
    b: 'type Page @key(fields: "no") { no: Int! words: Int } type Item @key(fields: "id") { id: ID! stock: Int }',
  },
  data: (() => {
    const pages = [1, 2].map((no) => ({ __typename: 'Page', no, words: no * 100 }))
    const items = [
      { __typename: 'Item', id: '1', detail: { __typename: 'Long', text: 'l', pages }, stock: 1 },
      { __typename: 'Item', id: '2', detail: { __typename: 'Short', text: 's' }, stock: 2 },
    ]
    return { roots: { Query: { items } }, entities: [...pages, ...items] }
  })(),
  operations: {
    'an entity below one type of an interface': '{ items { stock detail { text ... on Long { pages { words } } } } }',
    'that only': '{ items { detail { ... on Long { pages { words no } } } } }',
  },
}

describeScenarios('interfaces and unions', {
  'whose members differ': interfaces,
  'as unions': unions,
  'entered twice': sharedUnionRoot,
  'in overlapping fragments': sameFragmentTwice,
  'with entities below': entityInterfaceBelow,
})
